import itertools

import pytest
import torch
from torch import nn

from sonovox.errors import ArgumentError
from sonovox.losses import PitWrapper, cal_si_snr
from sonovox.losses.pit import best_permutation


def test_loss_and_order_are_those_of_speechbrain(speechbrain_losses, close_to_speechbrain):
    x, _ = speechbrain_losses
    loss, order = PitWrapper(nn.MSELoss(reduction="none"))(x["mse_p"], x["mse_t"])
    close_to_speechbrain(loss, "pit_mse_loss")
    close_to_speechbrain(order, "pit_mse_perm")


@pytest.mark.parametrize("sources", [1, 2, 3, 4])
def test_the_best_of_all_permutations_is_found(sources):
    torch.manual_seed(sources)
    losses = torch.randn(5, sources, sources)
    least, order = best_permutation(losses)
    for item, loss, found in zip(losses, least, order.tolist(), strict=True):
        means = {p: item[range(sources), p].mean() for p in itertools.permutations(range(sources))}
        assert tuple(found) == min(means, key=means.get)
        torch.testing.assert_close(loss, means[tuple(found)])


def test_reordered_predictions_stand_below_their_targets():
    torch.manual_seed(0)
    targets = torch.randn(4, 6, 2, 3)
    orders = torch.stack([torch.randperm(3) for _ in range(4)])
    shuffled = torch.stack([item[..., p] for item, p in zip(targets, orders, strict=True)])
    pit = PitWrapper(nn.L1Loss(reduction="none"))
    loss, found = pit(shuffled, targets)
    assert loss.tolist() == [0.0] * 4
    assert torch.equal(pit.reorder_tensor(shuffled, found), targets)
    assert torch.equal(pit.reorder_tensor(shuffled, found.tolist()), targets)


def test_a_loss_of_whole_signals_can_be_permuted():
    torch.manual_seed(0)
    targets = torch.randn(2, 50, 3)
    loss, order = PitWrapper(cal_si_snr)(targets[..., [2, 0, 1]] + 0.01 * torch.randn(2, 50, 3), targets)
    assert order.tolist() == [[1, 2, 0]] * 2
    assert (loss < -30).all()


def test_the_gradient_flows_through_the_best_order_only():
    targets = torch.tensor([[[1.0, 5.0]]])
    preds = torch.tensor([[[4.0, 2.0]]], requires_grad=True)
    PitWrapper(nn.MSELoss(reduction="none"))(preds, targets)[0].sum().backward()
    assert preds.grad.tolist() == [[[-1.0, 1.0]]]


def test_it_compiles_without_a_break():
    pit = PitWrapper(nn.MSELoss(reduction="none"))
    arguments = torch.randn(2, 9, 3), torch.randn(2, 9, 3)
    compiled = torch.compile(pit, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*arguments), pit(*arguments))


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"got \(2, 9, 3\) and \(2, 9, 2\)"):
        PitWrapper(nn.MSELoss(reduction="none"))(torch.zeros(2, 9, 3), torch.zeros(2, 9, 2))
    with pytest.raises(ArgumentError, match="give it reduction='none'"):
        PitWrapper(nn.MSELoss())(torch.zeros(2, 9, 3), torch.zeros(2, 9, 3))
    with pytest.raises(ArgumentError, match="at most 8 sources can be permuted, got 9"):
        best_permutation(torch.zeros(1, 9, 9))
