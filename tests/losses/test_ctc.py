import pytest
import torch
from torch.nn import functional as F

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.losses import ctc_loss


@pytest.fixture
def batch():
    torch.manual_seed(0)
    log_probs = torch.randn(3, 10, 5, dtype=torch.float64).log_softmax(-1)
    return log_probs, torch.tensor([[1, 2, 2, 4], [3, 1, -1, -1], [4, 4, 1, 0]]), torch.tensor([10, 7, 9]), [4, 2, 3]


def shares(batch):
    log_probs, targets, frames, labels = batch
    return log_probs, targets, frames / 10, torch.tensor(labels) / 4


@pytest.mark.parametrize("reduction", ["mean", "sum", "batchmean", "batch"])
def test_each_reduction_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, reduction):
    x, _ = speechbrain_losses
    loss = ctc_loss(x["log_probs"], x["ctc_targets"], x["lengths"], x["ctc_lens"], blank_index=0, reduction=reduction)
    close_to_speechbrain(loss, f"ctc_{reduction}")


def test_a_batch_is_its_items_alone(batch):
    log_probs, targets, frames, labels = batch
    alone = [
        F.ctc_loss(log_probs[i, :t], targets[i, :n], torch.tensor(t), torch.tensor(n), reduction="sum")
        for i, (t, n) in enumerate(zip(frames.tolist(), labels, strict=True))
    ]
    torch.testing.assert_close(ctc_loss(*shares(batch), blank_index=0, reduction="none"), torch.stack(alone))


def test_padding_changes_neither_the_loss_nor_the_gradient(batch):
    log_probs, targets, frames, labels = shares(batch)
    log_probs.requires_grad_()
    loss = ctc_loss(log_probs, targets, frames, labels, blank_index=0)
    (gradient,) = torch.autograd.grad(loss, log_probs)
    assert gradient[1, 7:].abs().max() == 0
    targets[1, 2:] = 0
    assert ctc_loss(log_probs, targets, frames, labels, blank_index=0) == loss


def test_the_gradient_is_that_of_finite_differences(batch):
    _, targets, frames, labels = shares(batch)
    logits = torch.randn(3, 10, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: ctc_loss(x.log_softmax(-1), targets, frames, labels, blank_index=0), logits, fast_mode=True
    )


def test_a_transcript_without_an_alignment_costs_nothing():
    log_probs = torch.zeros(1, 2, 3).log_softmax(-1).requires_grad_()
    loss = ctc_loss(log_probs, torch.tensor([[1, 1]]), torch.ones(1), torch.ones(1), blank_index=0)  # needs 3 frames
    loss.backward()
    assert loss == 0
    assert log_probs.grad.abs().max() == 0


def test_an_empty_transcript_is_all_blanks():
    log_probs = torch.randn(1, 4, 3).log_softmax(-1)
    loss = ctc_loss(log_probs, torch.zeros(1, 2, dtype=torch.long), torch.ones(1), torch.zeros(1), blank_index=-1)
    torch.testing.assert_close(loss, -log_probs[0, :, 2].sum())


def test_what_cannot_be_meant_is_refused(batch):
    log_probs, targets, frames, labels = shares(batch)
    with pytest.raises(ArgumentError, match="must not hold the blank 2"):
        ctc_loss(log_probs, targets, frames, labels, blank_index=2)
    with pytest.raises(ArgumentError, match=r"input_lens must be shares .* got \[10.0, 7.0, 9.0\]; divide counts"):
        ctc_loss(log_probs, targets, frames * 10, labels, blank_index=0)
    with pytest.raises(ArgumentError, match="target_lens must be one share an item"):
        ctc_loss(log_probs, targets, frames, labels[:2], blank_index=0)
    with pytest.raises(ArgumentError, match=r"got shapes \(10, 5\) and \(3, 4\)"):
        ctc_loss(log_probs[0], targets, frames, labels, blank_index=0)
    with pytest.raises(ArgumentError, match=r"blank_index must be a class in \[-5, 5\), got 5"):
        ctc_loss(log_probs, targets, frames, labels, blank_index=5)
    with pytest.raises(ChoiceError, match="did you mean mean"):
        ctc_loss(log_probs, targets, frames, labels, blank_index=0, reduction="men")
