import math

import pytest
import torch
from torch.nn import functional as F

from sonovox.errors import ArgumentError
from sonovox.losses import kldiv_loss, nll_loss


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.randn(3, 6, 5).log_softmax(-1), torch.randint(1, 5, (3, 6)), torch.tensor([1.0, 0.5, 1 / 6])


def divergences(log_probabilities, targets, smoothing):
    """By the definition of torch's own kl_div, step by step."""
    classes = log_probabilities.shape[-1]
    smooth = torch.full_like(log_probabilities, smoothing / (classes - 1))
    smooth.scatter_(-1, targets.unsqueeze(-1), 1 - smoothing)
    return F.kl_div(log_probabilities, smooth, reduction="none").sum(-1)


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "batch"])
def test_without_smoothing_it_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, reduction):
    x, _ = speechbrain_losses
    close_to_speechbrain(
        kldiv_loss(x["log_probs"], x["targets"], x["lengths"], reduction=reduction), f"kldiv_{reduction}_0.0"
    )


def test_with_smoothing_its_sum_is_what_speechbrain_gives_for_the_mean(speechbrain_losses, close_to_speechbrain):
    # SpeechBrain 1.1.2 sums where "mean" was asked for, and leaves out the lengths.
    x, _ = speechbrain_losses
    loss = kldiv_loss(x["log_probs"], x["targets"], label_smoothing=0.1, reduction="sum")
    close_to_speechbrain(loss, "kldiv_mean_0.1")
    loss = kldiv_loss(x["log_probs"], x["targets"], label_smoothing=0.1, reduction="batchmean")
    close_to_speechbrain(loss, "kldiv_batchmean_0.1")


def test_it_is_the_divergence_over_what_is_not_padding(batch):
    log_probabilities, targets, length = batch
    losses = divergences(log_probabilities, targets, 0.3)
    kept = torch.cat([losses[0], losses[1, :3], losses[2, :1]])
    ours = kldiv_loss(log_probabilities, targets, length, label_smoothing=0.3)
    torch.testing.assert_close(ours, kept.mean())
    ours = kldiv_loss(log_probabilities, targets, length, label_smoothing=0.3, reduction="batch")
    torch.testing.assert_close(ours, torch.stack([losses[0].mean(), losses[1, :3].mean(), losses[2, 0]]))


def test_padding_by_class_is_padding_by_length(batch):
    log_probabilities, targets, length = batch
    expected = kldiv_loss(log_probabilities, targets, length, label_smoothing=0.1)
    targets[1, 3:] = targets[2, 1:] = 0
    torch.testing.assert_close(kldiv_loss(log_probabilities, targets, label_smoothing=0.1), expected)


def test_predictions_of_the_smoothed_targets_cost_nothing():
    log_probabilities = torch.tensor([[0.1, 0.8, 0.1]], dtype=torch.float64).log()
    assert abs(kldiv_loss(log_probabilities, torch.tensor([1]), label_smoothing=0.2)) < 1e-15


def test_with_all_the_probability_elsewhere_the_target_does_not_count():
    log_probabilities = torch.tensor([[0.5, 0.0, 0.5]]).log()
    loss = kldiv_loss(log_probabilities, torch.tensor([1]), label_smoothing=1.0)
    torch.testing.assert_close(loss, torch.tensor(0.0), atol=1e-7, rtol=0)
    uniform = kldiv_loss(torch.full((1, 3), 1 / 3).log(), torch.tensor([1]), label_smoothing=1.0)
    assert uniform.item() == pytest.approx(math.log(1.5))


def test_the_gradient_is_that_of_finite_differences(batch):
    _, targets, length = batch
    logits = torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: kldiv_loss(x.log_softmax(-1), targets, length, label_smoothing=0.1), logits, fast_mode=True
    )


def test_the_allowed_difference_holds_with_and_without_smoothing(batch):
    log_probabilities, targets, _ = batch
    for smoothing in (0.0, 0.1):
        with pytest.raises(ArgumentError, match="differ by at most 1 steps, got 6 and 4"):
            kldiv_loss(log_probabilities, targets[:, :4], label_smoothing=smoothing, allowed_len_diff=1)


def test_one_class_cannot_be_smoothed():
    with pytest.raises(ArgumentError, match=r"with two classes or more, got 0.1 with 1"):
        kldiv_loss(torch.zeros(2, 1), torch.zeros(2), label_smoothing=0.1)
    assert nll_loss(torch.zeros(2, 1), torch.zeros(2)) == 0
