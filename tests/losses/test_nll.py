import pytest
import torch
from torch.nn import functional as F

from sonovox.errors import ArgumentError
from sonovox.losses import nll_loss
from sonovox.losses.nll import checked_classes


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "batch"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_each_reduction_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, reduction, smoothing):
    x, _ = speechbrain_losses
    loss = nll_loss(x["log_probs"], x["targets"], x["lengths"], label_smoothing=smoothing, reduction=reduction)
    close_to_speechbrain(loss, f"nll_{reduction}_{smoothing}")


def test_without_lengths_all_steps_count(speechbrain_losses, close_to_speechbrain):
    x, _ = speechbrain_losses
    close_to_speechbrain(nll_loss(x["log_probs"], x["targets"]), "nll_nolens")


def test_smoothing_and_weights_are_those_of_torch():
    torch.manual_seed(0)
    logits, targets, weight = torch.randn(6, 4), torch.tensor([0, 3, 1, 1, 2, 0]), torch.rand(4)
    expected = F.cross_entropy(logits, targets, label_smoothing=0.2)
    torch.testing.assert_close(nll_loss(logits.log_softmax(-1), targets, label_smoothing=0.2), expected)
    expected = F.cross_entropy(logits, targets, weight=weight, reduction="sum")
    torch.testing.assert_close(nll_loss(logits.log_softmax(-1), targets, weight=weight, reduction="sum"), expected)


def test_a_batch_is_its_items_alone_and_nothing_flows_from_the_padding():
    torch.manual_seed(0)
    log_probabilities = torch.randn(2, 5, 4).log_softmax(-1).requires_grad_()
    targets = torch.tensor([[0, 1, 2, 3, 0], [3, 2, 1, -100, 99]])
    loss = nll_loss(log_probabilities, targets, torch.tensor([1.0, 0.6]), label_smoothing=0.1, reduction="batch")
    alone = nll_loss(log_probabilities[1:, :3], targets[1:, :3], label_smoothing=0.1)
    torch.testing.assert_close(loss[1], alone)
    loss.sum().backward()
    assert log_probabilities.grad[1, 3:].abs().max() == 0


def test_infinite_scores_in_the_padding_do_no_harm():
    log_probabilities = torch.tensor([[[0.5, 0.5], [1.0, 0.0]]]).log()
    loss = nll_loss(log_probabilities, torch.tensor([[0, 1]]), torch.tensor([0.5]), label_smoothing=0.5)
    torch.testing.assert_close(loss, torch.tensor(2.0).log())


def test_a_small_difference_in_time_is_cut_off():
    log_probabilities = torch.randn(2, 7, 3).log_softmax(-1)
    targets = torch.randint(0, 3, (2, 5))
    assert nll_loss(log_probabilities, targets) == nll_loss(log_probabilities[:, :5], targets)
    with pytest.raises(ArgumentError, match="differ by at most 1 steps, got 7 and 5"):
        nll_loss(log_probabilities, targets, allowed_len_diff=1)


def test_what_cannot_be_meant_is_refused():
    log_probabilities = torch.zeros(2, 4, 3).log_softmax(-1)
    with pytest.raises(ArgumentError, match=r"got shapes \(2, 4, 3\) and \(2,\)"):
        nll_loss(log_probabilities, torch.zeros(2))
    with pytest.raises(ArgumentError, match=r"classes from 0 to 2, got \[0, 3\]"):
        nll_loss(log_probabilities, torch.tensor([[0, 3, 0, 0], [0, 0, 0, 0]]))
    with pytest.raises(ArgumentError, match="leave length out where an item has one prediction"):
        nll_loss(log_probabilities[:, 0], torch.zeros(2), torch.ones(2))
    with pytest.raises(ArgumentError, match="targets must be 2 items, got 1"):
        checked_classes(log_probabilities, torch.zeros(1, 4), None, 3)
    with pytest.raises(ArgumentError, match="label_smoothing must be from 0 to 1"):
        nll_loss(log_probabilities, torch.zeros(2, 4), label_smoothing=10.0)


def test_it_compiles_without_a_break():
    def loss(logits, targets, length):
        return nll_loss(logits.log_softmax(-1), targets, length, label_smoothing=0.1)

    arguments = torch.randn(2, 6, 4), torch.randint(0, 4, (2, 6)), torch.tensor([1.0, 0.5])
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*arguments), loss(*arguments))
