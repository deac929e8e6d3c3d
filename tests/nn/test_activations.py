import pytest
import torch

from sonovox.nn import GumbelSoftmax, Softmax, Swish


def test_probabilities_sum_to_one_over_the_dimension_asked_for():
    x = torch.randn(2, 5, 7)
    torch.testing.assert_close(Softmax()(x).sum(-1), torch.ones(2, 5))
    torch.testing.assert_close(Softmax(dim=1, reshape=False)(x).sum(1), torch.ones(2, 7))


def test_dimensions_are_counted_after_batch_and_time_are_joined():
    x = torch.randn(2, 5, 7)
    torch.testing.assert_close(Softmax(dim=1)(x), x.softmax(-1))


def test_half_precision_is_computed_in_the_dtype_of_the_layer():
    assert Softmax(apply_log=True)(torch.zeros(1, 2, 4).half()).dtype == torch.float32


def test_a_hard_choice_is_one_class():
    chosen = GumbelSoftmax(tau=0.5, hard=True)(torch.randn(6, 4))
    assert torch.equal(chosen.sum(-1), torch.ones(6))
    assert set(chosen.unique().tolist()) <= {0.0, 1.0}


def test_soft_choices_have_logarithms():
    assert (GumbelSoftmax(tau=1.0, apply_log=True)(torch.zeros(3, 4)) < 0).all()


@pytest.mark.parametrize("beta", [0.5, 1.0, 3.0])
def test_swish_is_the_published_formula(beta):
    x = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(Swish(beta)(x), x / (1 + torch.exp(-beta * x)))
