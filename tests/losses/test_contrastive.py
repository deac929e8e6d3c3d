import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.losses import ContrastiveLoss


def test_loss_and_accuracy_are_those_of_speechbrain(speechbrain_losses, close_to_speechbrain):
    x, _ = speechbrain_losses
    loss, accuracy = ContrastiveLoss(logit_temp=0.1)(x["cx"], x["cy"], x["cn"])
    close_to_speechbrain(loss, "contrastive_loss")
    close_to_speechbrain(accuracy, "contrastive_acc")


def test_negatives_that_are_the_target_do_not_count():
    torch.manual_seed(0)
    x, y, other = torch.randn(3, 2, 4, 8)
    loss = ContrastiveLoss(logit_temp=0.5)
    with_itself = loss(x, y, torch.stack([y, other]))
    torch.testing.assert_close(with_itself, loss(x, y, other.unsqueeze(0)))
    assert loss(x, y, y.unsqueeze(0))[0] == 0  # nothing to confuse it with


def test_the_gradient_is_finite_where_a_negative_is_the_target():
    x = torch.randn(1, 3, 4, requires_grad=True)
    y = torch.randn(1, 3, 4)
    ContrastiveLoss(0.1)(x, y, y.unsqueeze(0))[0].backward()
    assert x.grad.isfinite().all()


def test_it_compiles_without_a_break():
    loss = ContrastiveLoss(0.1)
    arguments = torch.randn(2, 5, 4), torch.randn(2, 5, 4), torch.randn(3, 2, 5, 4)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*arguments), loss(*arguments))


def test_shapes_must_agree():
    with pytest.raises(ArgumentError, match=r"got shapes \(2, 5, 4\), \(2, 5, 4\) and \(2, 5, 4\)"):
        ContrastiveLoss(0.1)(torch.zeros(2, 5, 4), torch.zeros(2, 5, 4), torch.zeros(2, 5, 4))
