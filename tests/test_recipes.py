"""Each recipe runs: two batches of two epochs, as `--debug` does it, on the data that are shared."""

import shutil
from pathlib import Path

import pytest

from sonovox.cli.main import main

ROOT = Path(__file__).parent.parent
# YAML file -> folder of data; the slow ones run with `make test-all`.
RECIPES = {
    "asr/digits/hparams/train.yaml": "digits",
    "keyword/digits/hparams/train.yaml": "digits",
    "lm/hparams/rnnlm.yaml": "ljspeech",
    "lm/hparams/transformer.yaml": "ljspeech",
    "speaker/digits/hparams/train.yaml": "digits",
}


def train(recipe, tmp_path, monkeypatch, shared_data, *words):
    file = ROOT / "recipes" / recipe
    monkeypatch.chdir(tmp_path)
    arguments = ["train", str(file), "--code", str(file.parent.parent / "train.py"), "--device", "cpu"]
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--data_folder", str(shared_data / RECIPES[recipe]), *words])
    return end.value.code


def test_every_recipe_stands_in_the_table():
    assert {file.relative_to(ROOT / "recipes").as_posix() for file in (ROOT / "recipes").rglob("*.yaml")} == set(
        RECIPES
    )


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(name, marks=[] if name == "lm/hparams/rnnlm.yaml" else pytest.mark.slow) for name in RECIPES],
)
def test_a_recipe_runs(recipe, tmp_path, monkeypatch, shared_data, capsys):
    code = train(recipe, tmp_path, monkeypatch, shared_data, "--debug")
    said = capsys.readouterr().err
    assert code == 0, said
    assert "epoch: 2" in said
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name.startswith("asr")])
def test_data_that_are_not_there_are_told(recipe, tmp_path, monkeypatch, shared_data, capsys):
    monkeypatch.setitem(RECIPES, recipe, "nothing")
    assert train(recipe, tmp_path, monkeypatch, shared_data) == 2
    assert "there are no files such as 7_jackson_32.wav" in capsys.readouterr().err
