import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from sonovox._kernels.fourier import LONGEST, Framing, factors, padded_window, plan_for
from sonovox._kernels.spectra import write_spectra

# Every radix first and last, alone and with each other.
SHORT = (4, 6, 8, 10, 12, 14, 16, 18, 20, 30, 32, 50, 54, 64)
LONG = (120, 128, 250, 400, 480, 512, 882, 960, 1024, 2048, 4096, 16384)


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def transformed(signals):
    """Spectra of rows, each a frame."""
    rows, n_fft = signals.shape
    out = torch.empty(rows, 1, n_fft // 2 + 1, dtype=torch.complex64)
    write_spectra(plan_for(n_fft), Framing(signals, 1, n_fft, 0), torch.ones(n_fft), out, None)
    return out[:, 0].numpy()


@pytest.mark.parametrize("n_fft", SHORT + LONG)
def test_transforms_equal_those_of_numpy(compiled, n_fft):
    signals = noise(37, n_fft)  # not a multiple of the lanes
    exact = np.fft.rfft(signals.double().numpy())
    ours, of_torch = transformed(signals), torch.fft.rfft(signals).numpy()
    # Both round each of the log2(n_fft) sums to 24 bits; other factors give other roundings.
    assert np.abs(ours - exact).max() < 2e-7 * math.log2(n_fft) * math.sqrt(n_fft)
    rounding = max(2 * np.linalg.norm(of_torch - exact), 1.5e-7 * np.linalg.norm(exact))
    assert np.linalg.norm(ours - exact) < rounding


@pytest.mark.parametrize("n_fft", [12, 400, 1024])
def test_single_tones_fall_into_single_bins(compiled, n_fft):
    bins = torch.arange(n_fft // 2 + 1)
    tones = torch.cos(2 * torch.pi * torch.outer(bins, torch.arange(n_fft)).double() / n_fft).float()
    expected = np.eye(len(bins)) * np.where((bins == 0) | (bins == n_fft // 2), n_fft, n_fft / 2)
    np.testing.assert_allclose(transformed(tones), expected, atol=1e-6 * n_fft)


def test_other_numbers_are_left_to_torch(compiled):
    assert plan_for(400, noise(3)) is not None
    assert plan_for(400, noise(3).double()) is None
    assert plan_for(401) is None
    assert plan_for(2 * 11) is None
    assert plan_for(2) is None
    assert plan_for(2 * LONGEST) is None


def test_factors_are_those_of_the_length():
    known = [size for size in range(1, 2000) if factors(size)]
    assert known[:12] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15]
    assert all(math.prod(factors(size)) == size and set(factors(size)) <= {2, 3, 4, 5, 7, 8} for size in known)


def test_windows_are_filled_with_zeros():
    assert padded_window(torch.ones(17)).tolist() == [1.0] * 17 + [0.0] * 15


def test_many_threads_share_a_plan(compiled):
    signals = noise(64, 480)
    expected = transformed(signals)
    with ThreadPoolExecutor(4) as threads:
        for found in threads.map(lambda _: transformed(signals), range(50)):
            np.testing.assert_array_equal(found, expected)
