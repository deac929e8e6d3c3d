import numpy as np
import pytest
import torch

from sonovox._kernels.fourier import Framing, plan_for
from sonovox._kernels.spectra import pack_filters, write_spectra
from sonovox.dsp.mel import melscale_fbanks

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # ours, numpy's


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def spectra_of(signals, n_fft, hop, margin, pad_mode="constant", power=None, filters=None):
    count = 1 + (signals.shape[1] + 2 * margin - n_fft) // hop
    width = n_fft // 2 + 1 if filters is None else filters.shape[1]
    out = torch.full((len(signals), count, width), torch.nan, dtype=torch.float32 if power else torch.complex64)
    packed = None if filters is None else pack_filters(filters)
    write_spectra(plan_for(n_fft), Framing(signals, count, hop, margin, pad_mode), window(n_fft), out, power, packed)
    return out.numpy()


def window(n_fft):
    return torch.hamming_window(n_fft)


def by_numpy(signals, n_fft, hop, margin, pad_mode="constant"):
    padded = np.pad(signals.double().numpy(), ((0, 0), (margin, margin)), mode=MODES[pad_mode])
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, ::hop]
    return np.fft.rfft(frames * window(n_fft).double().numpy())


@pytest.mark.parametrize("pad_mode", MODES)
@pytest.mark.parametrize(("rows", "time", "hop"), [(1, 13, 5), (3, 300, 7), (2, 300, 31), (5, 47, 16), (1, 2000, 3)])
def test_frames_are_cut_where_numpy_cuts_them(compiled, pad_mode, rows, time, hop):
    signals = noise(rows, time)
    found = spectra_of(signals, 24, hop, 12, pad_mode)
    np.testing.assert_allclose(found, by_numpy(signals, 24, hop, 12, pad_mode), atol=1e-5)


@pytest.mark.parametrize("time", [24, 25, 39, 40, 41, 400])
def test_frames_within_the_signal_read_nothing_beyond_it(compiled, time):
    signals = torch.full((3, time), torch.nan)
    signals[1] = noise(time)
    expected = by_numpy(signals[1:2], 24, 9, 0)
    np.testing.assert_allclose(spectra_of(signals, 24, 9, 0)[1:2], expected, atol=1e-5)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("n_fft", [10, 400, 512])
def test_powers_are_those_of_the_bins(compiled, n_fft, power):
    signals = noise(2, 3000)
    expected = np.abs(by_numpy(signals, n_fft, n_fft // 2, 0)) ** power
    np.testing.assert_allclose(spectra_of(signals, n_fft, n_fft // 2, 0, power=power), expected, rtol=1e-5, atol=2e-4)


def banks():
    yield "mel", melscale_fbanks(129, 0.0, 8000.0, 40, 16000)
    yield "dense", noise(129, 7).abs()
    corners = torch.zeros(129, 19)  # single bins at both ends, and filters without any
    corners[0, 0] = corners[-1, 1] = corners[-2:, 18] = 1.0
    yield "corners", corners
    yield "none", torch.zeros(129, 3)


@pytest.mark.parametrize("weights", [pytest.param(weights, id=name) for name, weights in banks()])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_filters_sum_the_bins(compiled, weights, power):
    signals = noise(2, 2000)
    expected = np.abs(by_numpy(signals, 256, 100, 0)) ** power @ weights.double().numpy()
    found = spectra_of(signals, 256, 100, 0, power=power, filters=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_packed_filters_hold_what_lies_between_the_first_and_last_weight():
    weights = torch.tensor([[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 4.0], [0.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 5.0]])
    packed = pack_filters(weights)
    assert packed.weights.tolist() == [2.0, 0.0, 3.0, 1.0, 4.0, 0.0, 5.0]
    assert packed.begins.tolist() == [0, 3, 4, 4, 7]
    assert packed.firsts.tolist() == [1, 0, 0, 1]
    assert [len(part) for part in pack_filters(torch.zeros(5, 0))] == [0, 0, 1]


def test_what_is_not_finite_stays_in_its_frames(compiled):
    signals = noise(1, 100 * 64)
    signals[0, 50 * 64 + 3] = torch.inf
    assert (~np.isfinite(spectra_of(signals, 64, 64, 0, power=2.0)[0])).any(-1).nonzero()[0].tolist() == [50]


def test_no_signals_give_no_spectra(compiled):
    assert spectra_of(torch.zeros(0, 100), 24, 9, 0).shape == (0, 9, 13)
