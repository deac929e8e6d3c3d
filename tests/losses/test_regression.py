import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.losses import l1_loss, mse_loss

BOTH = pytest.mark.parametrize(("loss", "name"), [(l1_loss, "l1"), (mse_loss, "mse")])


@BOTH
@pytest.mark.parametrize("reduction", ["mean", "batchmean", "batch"])
def test_each_reduction_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, loss, name, reduction):
    x, _ = speechbrain_losses
    close_to_speechbrain(loss(x["reg_p"], x["reg_t"], x["lengths"], reduction=reduction), f"{name}_{reduction}")


@BOTH
def test_a_batch_is_its_items_alone(loss, name):
    torch.manual_seed(0)
    predictions, targets = torch.randn(2, 8, 3), torch.randn(2, 8, 3)
    together = loss(predictions, targets, torch.tensor([1.0, 0.25]), reduction="batch")
    torch.testing.assert_close(together[1], loss(predictions[1:, :2], targets[1:, :2]))


@BOTH
def test_a_small_difference_in_time_is_cut_off(loss, name):
    assert loss(torch.ones(1, 9), torch.zeros(1, 7)) == 1.0


@BOTH
def test_shapes_are_not_broadcast(loss, name):
    with pytest.raises(ArgumentError, match=r"one shape, got \(4, 1\) and \(4,\)"):
        loss(torch.zeros(4, 1), torch.zeros(4))
    with pytest.raises(ArgumentError, match=r"one shape, got \(2, 5, 3\) and \(2, 5, 1\)"):
        loss(torch.zeros(2, 5, 3), torch.zeros(2, 5, 1))
