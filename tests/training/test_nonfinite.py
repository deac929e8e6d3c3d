import pytest
import torch
from torch import nn

from sonovox.errors import NonFiniteTrainingError
from sonovox.training.nonfinite import SMALL, NonFiniteGuard


def test_buffers_return_to_what_they_were_before_the_step():
    norm = nn.BatchNorm1d(2)
    guard = NonFiniteGuard([norm], patience=5)
    norm(torch.randn(4, 2))
    guard.good_step()
    kept = {name: value.clone() for name, value in norm.state_dict().items()}
    norm(torch.full((4, 2), float("nan")))
    assert norm.running_mean.isnan().all()
    guard.bad_step("loss", ["a"])
    for name, value in norm.state_dict().items():
        assert torch.equal(value, kept[name]), name


def test_a_bad_first_step_returns_to_the_beginning():
    norm = nn.BatchNorm1d(2)
    guard = NonFiniteGuard([norm], patience=5)
    norm(torch.full((4, 2), float("inf")))
    guard.bad_step("loss", [])
    assert norm.running_mean.tolist() == [0.0, 0.0]
    assert norm.num_batches_tracked == 0


def test_large_constants_are_not_copied_at_each_step():
    module = nn.BatchNorm1d(2)
    module.register_buffer("positions", torch.zeros(SMALL + 1))
    guard = NonFiniteGuard([module], patience=5)
    module(torch.randn(4, 2))
    guard.good_step()
    assert all(buffer is not module.positions for buffer in guard._buffers)
    assert any(buffer is module.running_mean for buffer in guard._buffers)


def test_patience_counts_steps_in_a_row():
    guard = NonFiniteGuard([], patience=2)
    guard.bad_step("gradient", ["a"])
    guard.good_step()
    guard.bad_step("gradient", ["b"])
    with pytest.raises(
        NonFiniteTrainingError, match="the gradient was not finite in 2 steps in a row, the last with c"
    ):
        guard.bad_step("gradient", ["c"])
