import math

import pytest
import torch
from torch.nn import functional as F

from sonovox.errors import ArgumentError
from sonovox.losses import AdditiveAngularMargin, AngularMargin, LogSoftmaxWrapper


@pytest.fixture
def cosines(speechbrain_losses):
    x, _ = speechbrain_losses
    return x["cos"], x["spk"], F.one_hot(x["spk"][:, 0], 7).float()


@pytest.mark.parametrize(("margin", "scale"), [(0.2, 30.0), (0.0, 1.0), (0.5, 10.0)])
def test_additive_angular_margins_are_those_of_speechbrain(cosines, close_to_speechbrain, margin, scale):
    cos, speakers, one_hot = cosines
    layer = AdditiveAngularMargin(margin=margin, scale=scale)
    close_to_speechbrain(layer(cos[:, 0], one_hot), f"aam_{margin}_{scale}")
    close_to_speechbrain(LogSoftmaxWrapper(layer)(cos, speakers), f"aam_ce_{margin}_{scale}")


def test_the_easy_and_the_plain_margin_are_those_of_speechbrain(cosines, close_to_speechbrain):
    cos, _, one_hot = cosines
    close_to_speechbrain(AdditiveAngularMargin(margin=0.3, scale=5, easy_margin=True)(cos[:, 0], one_hot), "aam_easy")
    close_to_speechbrain(AngularMargin(margin=0.2, scale=3)(cos[:, 0], one_hot), "am")


def test_the_margin_is_added_to_the_angle():
    angle = torch.linspace(0.1, 2.5, 9, dtype=torch.float64)
    logits = AdditiveAngularMargin(margin=0.3, scale=2.0)(angle.cos(), torch.ones(9, dtype=torch.float64))
    torch.testing.assert_close(logits, 2.0 * (angle + 0.3).cos())


def test_logits_fall_with_the_angle_all_the_way():
    angle = torch.linspace(0.01, math.pi - 0.01, 500, dtype=torch.float64)
    logits = AdditiveAngularMargin(margin=0.5, scale=1.0)(angle.cos(), torch.ones(500, dtype=torch.float64))
    assert (logits.diff() < 0).all()


@pytest.mark.parametrize("cosine", [1.0, -1.0, 1.0 + 1e-7, 0.0])
def test_gradients_are_finite_at_the_ends(cosine):
    outputs = torch.tensor([[cosine, 0.2]], requires_grad=True)
    AdditiveAngularMargin(margin=0.2, scale=30.0)(outputs, torch.tensor([[1.0, 0.0]])).sum().backward()
    assert outputs.grad.isfinite().all()


def test_the_gradient_is_that_of_finite_differences():
    outputs = torch.tensor([[0.8, -0.5], [-0.9, 0.1]], dtype=torch.float64, requires_grad=True)
    loss = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.2, scale=5.0))
    assert torch.autograd.gradcheck(lambda x: loss(x, torch.tensor([0, 1])), outputs)


def test_without_a_margin_it_is_cross_entropy():
    outputs, targets = torch.randn(4, 5).tanh(), torch.tensor([0, 4, 2, 2])
    loss = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.0, scale=3.0))(outputs.unsqueeze(1), targets.unsqueeze(1))
    torch.testing.assert_close(loss, F.cross_entropy(3.0 * outputs, targets))


def test_it_compiles_and_exports():
    loss = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.2, scale=30.0))
    arguments = torch.randn(4, 1, 5).tanh(), torch.tensor([[0], [4], [2], [2]])
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*arguments), loss(*arguments))
    logits, one_hot = arguments[0][:, 0], F.one_hot(arguments[1][:, 0], 5).float()
    program = torch.export.export(loss.loss_fn, (logits, one_hot), dynamic_shapes=({0: torch.export.Dim.AUTO},) * 2)
    more = torch.randn(9, 5).tanh(), F.one_hot(torch.arange(9).remainder(5), 5).float()
    torch.testing.assert_close(program.module()(*more), loss.loss_fn(*more))


def test_what_cannot_be_meant_is_refused():
    loss = LogSoftmaxWrapper(AngularMargin())
    with pytest.raises(ArgumentError, match=r"got \(2, 3, 5\) and \(2,\) without the dimensions of 1"):
        loss(torch.zeros(2, 3, 5), torch.zeros(2))
    with pytest.raises(ArgumentError, match=r"classes from 0 to 4, got \[5\]"):
        loss(torch.zeros(2, 1, 5), torch.tensor([5, 5]))
