import numpy as np
import scipy.signal
import torch

from sonovox.nn import PCEN, ExponentialMovingAverage


def test_the_average_is_a_filter_that_starts_at_the_first_value():
    x = torch.rand(2, 50, 3)
    average = ExponentialMovingAverage(3, coeff_init=0.1)(x).detach()
    start = 0.9 * x[:, :1].numpy()
    expected, _ = scipy.signal.lfilter([0.1], [1, -0.9], x.numpy(), axis=1, zi=start)
    np.testing.assert_allclose(average, expected, atol=1e-6)


@torch.no_grad()
def test_a_steady_energy_becomes_the_same_whatever_its_level():
    pcen = PCEN(3, alpha=1.0)
    quiet, loud = pcen(torch.full((1, 9, 3), 1e-6)), pcen(torch.full((1, 9, 3), 1e6))
    torch.testing.assert_close(quiet, loud, rtol=1e-4, atol=1e-4)


def test_features_first_and_parameters_that_stay():
    x = torch.rand(2, 9, 3)
    first = PCEN(3, trainable=False, skip_transpose=True)
    torch.testing.assert_close(first(x.transpose(1, 2)), PCEN(3)(x).transpose(1, 2))
    assert not any(parameter.requires_grad for parameter in first.parameters())
