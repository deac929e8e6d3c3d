import logging

import pytest
import torch

from sonovox.errors import ArgumentError, HParamsError, TrainingError
from sonovox.training import RunOptions, create_experiment_directory, run_experiment
from training import recipe

OPTIONS = {"device": "cpu", "noprogressbar": True}


@pytest.fixture
def yaml(tmp_path):
    path = tmp_path / "train.yaml"
    path.write_text(recipe.YAML)
    return path


@pytest.fixture(autouse=True)
def _close_the_log():
    yield
    root = logging.getLogger("sonovox")
    for handler in list(root.handlers):
        if isinstance(handler, logging.FileHandler):
            root.removeHandler(handler)
            handler.close()
    root.setLevel(logging.NOTSET)


def run(yaml, folder, options=None, **overrides):
    return run_experiment(
        yaml,
        brain=recipe.Line,
        datasets=recipe.datasets,
        finish=recipe.finish,
        run_opts=OPTIONS | (options or {}),
        overrides={"output_folder": str(folder), **overrides},
        code=["training.recipe"],
    )


def test_a_run_leaves_what_is_needed_to_repeat_it(yaml, tmp_path):
    folder = tmp_path / "out"
    brain = run(yaml, folder, lr=0.05)
    assert brain.test_loss < 2.0
    assert {
        "train.yaml",
        "command.txt",
        "versions.txt",
        "log.txt",
        "log.jsonl",
        "train_log.txt",
        "save",
        "finished",
    } <= {each.name for each in folder.iterdir()}
    assert "lr: 0.05" in (folder / "train.yaml").read_text()
    assert "!ref <lr>" not in (folder / "train.yaml").read_text()
    assert f"torch {torch.__version__}" in (folder / "versions.txt").read_text()
    again = run(folder / "train.yaml", tmp_path / "again")
    assert torch.equal(again.modules.model.weight, brain.modules.model.weight)


def test_the_seed_fixes_the_first_weights_too(yaml, tmp_path):
    weights = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        torch.rand(len(weights))  # a process has drawn something before, or not
        weights.append(run(yaml, tmp_path / name, seed=seed, lr=0.0).modules.model.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_file_without_a_seed_has_one(yaml, tmp_path):
    yaml.write_text(recipe.YAML.replace("seed: 3\n", ""))
    a, b = (run(yaml, tmp_path / name, lr=0.0).modules.model.weight for name in "ab")
    assert torch.equal(a, b)


def test_a_finished_run_is_only_tested_again(yaml, tmp_path):
    first = run(yaml, tmp_path / "out")
    again = run(yaml, tmp_path / "out")
    assert again.optimizer_step == first.optimizer_step
    assert again.test_loss == first.test_loss
    assert len((tmp_path / "out" / "command.txt").read_text().splitlines()) == 2


def test_only_the_test_may_be_wanted(yaml, tmp_path):
    first = run(yaml, tmp_path / "out")
    brain = run(yaml, tmp_path / "out", {"test_only": True})
    assert brain.test_loss == first.test_loss
    assert not hasattr(brain, "train_loss")


def test_more_epochs_go_on_where_fewer_ended(yaml, tmp_path):
    longer = {"epoch_counter": {"limit": 5}}
    run(yaml, tmp_path / "a")
    continued = run(yaml, tmp_path / "a", **longer)
    whole = run(yaml, tmp_path / "b", **longer)
    assert torch.equal(continued.modules.model.weight, whole.modules.model.weight)


def test_a_dry_run_writes_nothing(yaml, tmp_path):
    run(yaml, tmp_path / "out", {"dry_run": True})
    assert not (tmp_path / "out" / "train.yaml").exists()
    assert not (tmp_path / "out" / "finished").exists()


def test_what_is_missing_is_named(yaml, tmp_path):
    with pytest.raises(HParamsError, match="output_folder"):
        run_experiment(yaml, brain=recipe.Line, datasets=recipe.datasets, run_opts=OPTIONS, code=["training.recipe"])
    text = recipe.YAML.replace("output_folder: !PLACEHOLDER\n", "").replace("!ref <output_folder>", "x")
    yaml.write_text(text)
    with pytest.raises(ArgumentError, match="has no output_folder"):
        run_experiment(yaml, brain=recipe.Line, datasets=recipe.datasets, run_opts=OPTIONS, code=["training.recipe"])
    yaml.write_text(
        recipe.YAML.replace("epoch_counter: !new", "epoch_count: !new").replace("<epoch_counter>", "<epoch_count>")
    )
    with pytest.raises(ArgumentError, match=r"has no epoch_counter; did you mean epoch_count\?"):
        run(yaml, tmp_path / "out")


def test_a_training_set_without_items_is_told(yaml, tmp_path):
    with pytest.raises((TrainingError, ValueError), match=r"no batch to train on|empty|num_samples"):
        run(yaml, tmp_path / "out", size=0)


def test_options_of_the_file_hold(yaml, tmp_path):
    yaml.write_text(recipe.YAML + "grad_accumulation_factor: 3\n")
    assert run(yaml, tmp_path / "out").optimizer_step == 2
    assert run(yaml, tmp_path / "b", {"grad_accumulation_factor": 1}).optimizer_step == 6


def test_a_directory_keeps_code_and_its_log(tmp_path):
    code = tmp_path / "code.py"
    code.write_text("x = 1\n")
    create_experiment_directory(tmp_path / "out", code=[code], save_env_desc=False)
    logging.getLogger("sonovox.somewhere").info("a message")
    assert (tmp_path / "out" / "code.py").read_text() == "x = 1\n"
    assert "a message" in (tmp_path / "out" / "log.txt").read_text()
    assert not (tmp_path / "out" / "versions.txt").exists()


def test_other_ways_of_logging_may_be_chosen(tmp_path):
    plan = {"version": 1, "disable_existing_loggers": False}
    create_experiment_directory(tmp_path / "out", log_config=plan, save_env_desc=False)
    logging.getLogger("sonovox.somewhere").info("a message")
    assert not (tmp_path / "out" / "log.txt").exists()


def test_options_may_be_an_object(yaml, tmp_path):
    options = RunOptions.from_dictionary(OPTIONS | {"debug": True})
    brain = run_experiment(
        yaml,
        brain=recipe.Line,
        datasets=recipe.datasets,
        run_opts=options,
        overrides={"output_folder": str(tmp_path / "out")},
        code=["training.recipe"],
    )
    assert brain.accumulation.total == 2
    assert not (tmp_path / "out" / "save").exists() or not list((tmp_path / "out" / "save").glob("CKPT*"))
