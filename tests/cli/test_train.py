import logging
import shutil
import signal
from pathlib import Path

import pytest

from sonovox.cli.main import main
from sonovox.cli.train import log_on_stderr

TRAINING = Path(__file__).parents[1] / "training"


@pytest.fixture
def words(tmp_path, monkeypatch):
    """A recipe in a folder of its own, and the words that train it."""
    from training import recipe

    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").write_text(recipe.YAML)
    shutil.copy(TRAINING / "recipe.py", tmp_path / "line_recipe.py")
    return ["train.yaml", "--code", "line_recipe.py", "--output_folder", str(tmp_path / "out"), "--device", "cpu"]


def sonovox(*arguments):
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return end.value.code


def test_a_recipe_is_trained_and_tested(words, tmp_path, capsys):
    assert sonovox("train", *words, "--lr", "0.05", "--epoch_counter.limit=3") == 0
    said = capsys.readouterr().err
    assert "epoch: 3, lr: 0.05 - train loss:" in said
    assert "test loss" in said
    assert (tmp_path / "out" / "finished").exists()
    assert (tmp_path / "out" / "line_recipe.py").exists()


def test_evaluate_only_tests(words, capsys):
    assert sonovox("train", *words) == 0
    capsys.readouterr()
    assert sonovox("evaluate", *words) == 0
    said = capsys.readouterr().err
    assert "test loss" in said
    assert "train loss" not in said


def test_a_dry_run_finds_what_would_stop_it(words, tmp_path, capsys):
    recipe = tmp_path / "line_recipe.py"
    recipe.write_text(recipe.read_text().replace('"number": n}', '"number": n - 1}'))
    assert sonovox("train", *words, "--dry_run") == 2
    said = capsys.readouterr().err
    assert "3 items cannot be read" in said
    assert "a negative number" in said
    assert not (tmp_path / "out" / "train.yaml").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda words: ["nothing.yaml", *words[1:]], "there is no file nothing.yaml"),
        (lambda words: [*words, "--precision", "bf61"], "did you mean bf16?"),
        (lambda words: [*words, "--lrr", "1"], "lrr"),
        (lambda words: [words[0], *words[3:]], "has no brain"),
        (lambda words: ["train.yaml", "--code", "none.py", *words[3:]], "there is no file none.py"),
    ],
)
def test_mistakes_are_told_in_a_line_and_a_hint(words, change, text, capsys):
    assert sonovox("train", *change(words)) == 2
    said = capsys.readouterr().err
    assert text in said
    assert "Traceback" not in said


def test_a_signal_leaves_with_its_code(words, tmp_path, capsys):
    recipe = tmp_path / "line_recipe.py"
    kill = "        import signal; signal.raise_signal(signal.SIGTERM)\n"
    recipe.write_text(
        recipe.read_text().replace("        return self.modules.model", kill + "        return self.modules.model")
    )
    assert sonovox("train", *words) == 128 + signal.SIGTERM
    assert "the same command goes on from here" in capsys.readouterr().err


def test_what_is_logged_stands_on_stderr_while_it_is_asked_for(capsys):
    logger = logging.getLogger("sonovox.somewhere")
    with log_on_stderr():
        logger.info("a remark")
        logger.warning("mind this")
    logger.info("nobody hears it")
    assert capsys.readouterr().err == "a remark\nwarning: mind this\n"
