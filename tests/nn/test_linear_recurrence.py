import numpy as np
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from sonovox.nn.linear_recurrence import linear_recurrence


def test_a_constant_decay_is_a_filter_of_one_pole():
    values = torch.randn(2, 50, 3, dtype=torch.float64)
    result = linear_recurrence(torch.full_like(values, 0.9), values, torch.zeros(2, 3, dtype=torch.float64))
    np.testing.assert_allclose(result, scipy.signal.lfilter([1], [1, -0.9], values.numpy(), axis=1), atol=1e-12)


def test_gradients_of_first_and_second_order():
    inputs = tuple(
        torch.rand(*shape, dtype=torch.float64, requires_grad=True) for shape in [(2, 5, 3), (2, 5, 3), (2, 3)]
    )
    assert gradcheck(linear_recurrence, inputs)
    assert gradgradcheck(linear_recurrence, inputs)


def test_the_operation_follows_the_rules_of_its_kind():
    inputs = tuple(torch.rand(*shape, requires_grad=True) for shape in [(2, 5, 3), (2, 5, 3), (2, 3)])
    torch.library.opcheck(torch.ops.sonovox.linear_recurrence.default, inputs)
