import pytest
import torch
from torch.nn import functional as F

from sonovox.errors import ArgumentError
from sonovox.losses import bce_loss

LOGITS, TARGETS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 3.0, 9.0]]), torch.tensor([[1, 0, 0], [1, 1, 0]])


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "batch"])
def test_each_reduction_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, reduction):
    x, _ = speechbrain_losses
    close_to_speechbrain(bce_loss(x["pred1"], x["targ1"], x["lengths"], reduction=reduction), f"bce_{reduction}")


def test_the_weight_of_positives_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain):
    x, _ = speechbrain_losses
    loss = bce_loss(x["pred1"], x["targ1"], x["lengths"], pos_weight=torch.tensor([2.0]))
    close_to_speechbrain(loss, "bce_posweight")


def test_padding_does_not_count():
    expected = F.binary_cross_entropy_with_logits(LOGITS[:, :2], TARGETS[:, :2].float())
    torch.testing.assert_close(bce_loss(LOGITS, TARGETS, torch.tensor([2 / 3, 2 / 3])), expected)


def test_a_last_dimension_of_one_is_left_out():
    assert bce_loss(LOGITS.unsqueeze(-1), TARGETS) == bce_loss(LOGITS, TARGETS)
    assert bce_loss(LOGITS[:, :1], TARGETS[:, 0]) == bce_loss(LOGITS[:, 0], TARGETS[:, 0])


def test_smoothing_draws_targets_to_a_half():
    expected = F.binary_cross_entropy_with_logits(LOGITS, TARGETS * 0.8 + 0.1)
    torch.testing.assert_close(bce_loss(LOGITS, TARGETS, label_smoothing=0.2), expected)


def test_weights_of_one_dimension_are_those_of_items():
    weight = torch.tensor([3.0, 0.0])
    torch.testing.assert_close(bce_loss(LOGITS, TARGETS, weight=weight), 1.5 * bce_loss(LOGITS[:1], TARGETS[:1]))
    torch.testing.assert_close(
        bce_loss(LOGITS[:, 0], TARGETS[:, 0], weight=weight), 1.5 * bce_loss(LOGITS[:1, 0], TARGETS[:1, 0])
    )


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"one shape, got \(2, 3\) and \(2,\)"):
        bce_loss(LOGITS, TARGETS[:, 0])
    with pytest.raises(ArgumentError, match="leave length out"):
        bce_loss(LOGITS[:, 0], TARGETS[:, 0], torch.ones(2))
    with pytest.raises(ArgumentError, match="inputs must be floating point"):
        bce_loss(TARGETS, TARGETS)
    with pytest.raises(ArgumentError, match="label_smoothing must be from 0 to 1"):
        bce_loss(LOGITS, TARGETS, label_smoothing=2.0)
