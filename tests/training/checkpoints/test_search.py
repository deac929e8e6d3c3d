import math
from pathlib import Path

import pytest

from sonovox._internal.errors import ArgumentError, CheckpointError
from sonovox.training import Checkpointer
from sonovox.training.checkpoints.search import (
    PREFIX,
    Checkpoint,
    choose,
    ckpt_recency,
    is_finite,
    read_checkpoint,
    scan,
    superfluous,
)


def checkpoints(*metas):
    """The first is the newest."""
    return [Checkpoint(Path(f"{i}"), {"unixtime": -float(i), **meta}, {}) for i, meta in enumerate(metas)]


def names(found):
    return "".join(ckpt.path.name for ckpt in found)


def test_by_default_the_newest_comes_first():
    assert names(choose(reversed(checkpoints({}, {}, {})))) == "012"
    assert ckpt_recency(checkpoints({"unixtime": 3})[0]) == 3.0


def test_of_equals_the_newest_comes_first():
    made = checkpoints({"WER": 1}, {"WER": 2}, {"WER": 1}, {})
    assert names(choose(made, min_key="WER")) == "021"
    assert names(choose(made, max_key="WER")) == "102"
    assert names(choose(made, importance_key=lambda ckpt: 0)) == "0123"


def test_metrics_that_are_nan_come_last():
    made = checkpoints({"WER": math.nan}, {"WER": math.inf}, {"WER": 1}, {"WER": -math.inf})
    assert names(choose(made, min_key="WER")) == "3210" or names(choose(made, min_key="WER")) == "3201"
    assert names(choose(made, max_key="WER")[:2]) == "12"


def test_those_that_are_not_finite_are_never_chosen():
    made = checkpoints({"nonfinite": ["model"], "WER": 0}, {"WER": 1})
    assert [is_finite(ckpt) for ckpt in made] == [False, True]
    assert names(choose(made)) == names(choose(made, min_key="WER")) == "1"


def test_two_keys_at_once_are_told():
    with pytest.raises(ArgumentError, match="one of importance_key, max_key and min_key"):
        choose([], max_key="a", min_key="b")


RULES = {"num_to_keep": 1, "importance_keys": [], "max_keys": [], "min_keys": [], "ckpt_predicate": None}


def test_without_a_key_none_may_go():
    assert superfluous(checkpoints({}, {"nonfinite": ["m"]}), **RULES) == []


def test_a_key_judges_only_those_that_have_it():
    made = checkpoints({"WER": 2}, {}, {"WER": 1}, {"ACC": 1})
    assert names(superfluous(made, **{**RULES, "min_keys": ["WER"]})) == "0"
    assert names(superfluous(made, **{**RULES, "min_keys": ["WER"], "max_keys": ["ACC"]})) == "0"
    assert names(superfluous(made, **{**RULES, "importance_keys": [ckpt_recency]})) == "123"


def test_what_is_not_finite_goes_first_and_takes_no_ones_place():
    made = checkpoints({"nonfinite": ["m"]}, {}, {"nonfinite": ["m"]}, {})
    assert names(superfluous(made, **{**RULES, "importance_keys": [ckpt_recency]})) == "023"


def test_the_predicate_protects():
    made = checkpoints({"a": 1}, {}, {"a": 1}, {"a": 1, "nonfinite": ["m"]}, {"nonfinite": ["m"]})
    rules = {**RULES, "importance_keys": [ckpt_recency], "ckpt_predicate": lambda ckpt: "a" in ckpt.meta}
    assert names(superfluous(made, **rules)) == "23"


def test_a_scan_tells_what_is_wrong_with_those_that_it_leaves_out(tmp_path):
    checkpointer = Checkpointer(tmp_path)
    good = checkpointer.save_checkpoint()
    (tmp_path / f"{PREFIX}empty").mkdir()
    (tmp_path / "other").mkdir()
    found, (wrong,) = scan(tmp_path)
    assert found == [good]
    assert f"{PREFIX}empty/CKPT.sha256 cannot be read" in str(wrong)
    assert read_checkpoint(good.path) == good
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / "other")
    assert scan(tmp_path / "absent") == ([], [])
