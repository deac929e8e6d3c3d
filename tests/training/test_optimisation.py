import pytest
import torch
from torch import nn

from sonovox.training.optimisation import gradient_norm, parameter_groups


def filled(seed=0):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    net(torch.randn(5, 3)).square().sum().backward()
    return net


@pytest.mark.parametrize("clip_to", [0.1, 1.0, 1e6])
def test_clipping_is_torchs(clip_to):
    ours, torchs = filled(), filled()
    norm = gradient_norm(list(ours.parameters()), clip_to=clip_to)
    expected = nn.utils.clip_grad_norm_(torchs.parameters(), clip_to)
    assert norm == pytest.approx(expected.item(), rel=1e-6)
    for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        # torch adds 1e-6 to the norm before it divides by it
        torch.testing.assert_close(one.grad, other.grad, rtol=2e-5, atol=0)


@pytest.mark.parametrize("clip_to", [0.0, -5.0])
def test_zero_or_less_leaves_gradients_as_they_are(clip_to):
    ours, untouched = filled(), filled()
    gradient_norm(list(ours.parameters()), clip_to=clip_to)
    for one, other in zip(ours.parameters(), untouched.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_a_norm_that_is_not_finite_is_told_and_nothing_is_scaled():
    net = filled()
    next(net.parameters()).grad[0, 0] = float("nan")
    assert gradient_norm(list(net.parameters()), clip_to=1.0) != gradient_norm(list(net.parameters()), clip_to=1.0)
    assert net[1].weight.grad.isfinite().all()


def test_parameters_without_a_gradient_count_nothing():
    assert gradient_norm([torch.zeros(2, requires_grad=True)], clip_to=1.0) == 0.0


def test_vectors_can_be_spared_from_decay():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).requires_grad_(False)
    assert len(parameter_groups(net)) == 4  # frozen ones too: a hook may thaw them
    matrices, vectors = parameter_groups(net, without_decay_of_vectors=True)
    assert [weight.dim() for weight in matrices["params"]] == [2]
    assert [weight.dim() for weight in vectors["params"]] == [1, 1, 1]
    assert vectors["weight_decay"] == 0.0
