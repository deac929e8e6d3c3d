import numpy as np
import pytest
import torch

from sonovox.dsp.filter_waveform import filter_waveform


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_definition(wave, kernels, delay):
    """Each sample through the kernel of its part."""
    part = -(-len(wave) // len(kernels))
    full = np.zeros(len(kernels) * part + kernels.shape[1] - 1)
    for t, sample in enumerate(wave):
        full[t : t + kernels.shape[1]] += sample * kernels[t // part]
    return full[delay : delay + len(wave)]


@pytest.mark.parametrize(("time", "filters", "taps"), [(100, 4, 9), (101, 4, 8), (50, 1, 9), (40, 7, 31), (5, 8, 3)])
@pytest.mark.parametrize("delay", [-1, 0, 2])
def test_equals_the_definition(time, filters, taps, delay):
    wave, kernels = noise(time), noise(filters, taps, seed=1)
    expected = by_definition(wave.numpy(), kernels.numpy(), taps // 2 if delay < 0 else delay)
    np.testing.assert_allclose(filter_waveform(wave, kernels, delay).numpy(), expected, atol=1e-12)


def test_one_kernel_is_a_convolution():
    wave, kernel = noise(200), noise(1, 11, seed=1)
    np.testing.assert_allclose(filter_waveform(wave, kernel), np.convolve(wave, kernel[0], "same"), atol=1e-12)


def test_signals_may_have_kernels_of_their_own():
    wave, kernels = noise(3, 100), noise(3, 4, 9, seed=1)
    looped = torch.stack([filter_waveform(*pair) for pair in zip(wave, kernels, strict=True)])
    torch.testing.assert_close(filter_waveform(wave, kernels), looped)


@pytest.mark.parametrize(
    ("kernels", "delay", "message"),
    [
        (torch.ones(3), -1, r"kernels must be \(..., filters, taps\), got \(3,\); kernel.unsqueeze\(0\)"),
        (torch.ones(2, 0), -1, r"kernels must be \(..., filters, taps\), got \(2, 0\)"),
        (torch.ones(2, 3), 3, "delay_compensation must be at most taps - 1 = 2, got 3"),
        (torch.ones(2, 3, dtype=torch.int64), -1, "kernels must be floating point, got int64"),
    ],
)
def test_what_cannot_filter_is_named(kernels, delay, message):
    with pytest.raises(ValueError, match=message):
        filter_waveform(torch.zeros(10), kernels, delay)
