import pytest

from sonovox.errors import ArgumentError
from sonovox.training.command_line import split_words

OPTIONS = {"debug": bool, "precision": str, "max_grad_norm": float, "ckpt_interval_steps": int, "device": str}


def test_hyphens_and_underscores_are_the_same():
    assert split_words(["a.yaml", "--ckpt-interval-steps", "5"], OPTIONS)[1] == {"ckpt_interval_steps": 5}


@pytest.mark.parametrize(
    ("words", "value"), [(["--debug"], True), (["--debug", "false"], False), (["--debug=true"], True)]
)
def test_a_switch_needs_no_value_and_may_have_one(words, value):
    assert split_words(["a.yaml", *words], OPTIONS)[1] == {"debug": value}


def test_a_switch_does_not_swallow_the_file():
    assert split_words(["--debug", "a.yaml"], OPTIONS) == ("a.yaml", {"debug": True}, {})


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "no YAML file was given"),
        (["a.yaml", "b.yaml"], "'b.yaml' belongs to no option"),
        (["a.yaml", "--precision"], "--precision needs a value"),
        (["a.yaml", "--max_grad_norm", "much"], "--max_grad_norm cannot be 'much'"),
    ],
)
def test_words_that_make_no_sense_are_refused(words, text):
    with pytest.raises(ArgumentError, match=text):
        split_words(words, OPTIONS)
