import dataclasses
import sys

import pytest
import torch

from sonovox.hparams.guard import Guard
from sonovox.hparams.limits import STRICT, LimitExceeded


def guarded(function, *args, dry=False, **limits):
    return Guard(dataclasses.replace(STRICT, **limits), dry=dry).run(function, args, {})


def test_what_stays_below_the_limits_is_returned():
    layer = guarded(torch.nn.Linear, 3, 4, weights=16, tensors=2)
    assert layer(torch.ones(3)).shape == (4,)


def test_numbers_are_the_same_with_and_without():
    torch.manual_seed(0)
    expected = torch.nn.Linear(3, 4).weight
    torch.manual_seed(0)
    assert torch.equal(guarded(torch.nn.Linear, 3, 4).weight, expected)


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize(
    ("limits", "said"),
    [({"weights": 15}, "at most 15 numbers in tensors, got 16"), ({"tensors": 1}, "at most 1 tensors, got 2"),
     ({"calls": 3}, "less work")],
)  # fmt: skip
def test_each_limit_ends_it(limits, said, dry):
    with pytest.raises(LimitExceeded, match=said):
        guarded(torch.nn.Linear, 3, 4, dry=dry, **limits)


def test_computing_is_bounded_tighter_than_memory():
    with pytest.raises(LimitExceeded, match="at most 1,000 numbers to compute, got 1e"):
        guarded(torch.arange, 1001, computed=1000)
    with pytest.raises(LimitExceeded, match="numbers to compute"):
        guarded(torch.linalg.qr, torch.ones(200, 200), computed=1000)
    assert guarded(torch.empty, 1001, computed=1000).shape == (1001,)


@pytest.mark.parametrize(
    "function",
    [
        lambda: torch.nn.Linear(10**9, 10**9),
        lambda: torch.ones(1, 1).expand(10**9, 10**9).contiguous(),
        lambda: torch.arange(10.0).repeat(10**12),
        lambda: torch.nn.functional.pad(torch.ones(1), (10**15, 0)),
        lambda: torch.ones(10**6)[:, None] * torch.ones(10**6),
        lambda: torch.hann_window(10**15),
        lambda: torch.ones(10**3).tile(10**12),
        lambda: torch.eye(10**8),
    ],
)
def test_memory_is_not_asked_for(function):
    with pytest.raises(LimitExceeded):
        guarded(function)


def test_a_dry_run_makes_nothing():
    layer = guarded(torch.nn.Linear, 10_000, 10_000, dry=True)
    assert layer.weight.is_meta


def test_the_callers_profiler_comes_back():
    def profiler(frame, event, argument):
        return None

    sys.setprofile(profiler)
    try:
        guarded(torch.nn.Linear, 1, 1)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_no_constructor_can_catch_it():
    def stubborn():
        try:
            return torch.ones(10**12)
        except Exception:
            return None

    with pytest.raises(LimitExceeded):
        guarded(stubborn)
