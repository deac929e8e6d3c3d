"""The filter's quality, measured with tones: this is the gate of the default method."""

import math

import numpy as np
import pytest
import torch

from sonovox.dsp.resample_hq import guard_periods, make_plan, resample_blocks

RATIOS = [(441, 160), (160, 441), (2, 1), (1, 2), (3, 1), (160, 147), (147, 160), (101, 97)]


def make(orig, new, dtype=torch.float64):
    return make_plan(orig, new, dtype, torch.device("cpu"))


def tones(parts, rate, samples, start=0):
    """Complex tones, one a row, at `parts` of half of `rate`; time in samples of `rate`."""
    time = torch.arange(start, start + samples, dtype=torch.float64)
    return torch.exp(1j * math.pi * torch.as_tensor(parts, dtype=torch.float64)[:, None] * time / rate)


def resample_complex(signal, orig, new):
    return torch.complex(resample_blocks(signal.real, make(orig, new)), resample_blocks(signal.imag, make(orig, new)))


def middle(signal, orig, new):
    """The part of the output on which the ends of the input have no influence."""
    edge = guard_periods(orig, new) * new
    return signal[..., edge:-edge]


def long_enough(orig, new):
    return 6 * (guard_periods(orig, new) + 1) * orig + 30000


@pytest.mark.parametrize(("orig", "new"), RATIOS)
def test_passes_tones_to_nine_tenths_of_the_lower_nyquist_without_delay(orig, new):
    lower = min(orig, new)
    parts = torch.linspace(0.0, 0.9, 24) * lower  # of half the lower rate, as frequencies in units of 1 / period
    samples = long_enough(orig, new)
    resampled = middle(resample_complex(tones(parts, orig, samples), orig, new), orig, new)
    start = guard_periods(orig, new) * new
    truth = tones(parts, new, resampled.shape[-1], start)
    ratio = resampled / truth
    ripple_db = 20 * ratio.abs().log10()
    assert ripple_db.abs().max() < 0.01  # the promise; it is below 1e-5
    assert ratio.angle().abs().max() < 1e-6  # in radians, at every frequency: no delay
    assert ripple_db.abs().max() < 1e-5


@pytest.mark.parametrize(("orig", "new"), [ratio for ratio in RATIOS if ratio[0] > ratio[1]])
def test_tones_above_the_new_nyquist_do_not_alias(orig, new):
    parts = torch.linspace(1.0, orig / new, 40)[:-1] * new
    resampled = middle(resample_complex(tones(parts, orig, long_enough(orig, new)), orig, new), orig, new)
    assert 20 * resampled.abs().amax().log10() < -120.0


@pytest.mark.parametrize(("orig", "new"), [ratio for ratio in RATIOS if ratio[0] < ratio[1]])
def test_tones_have_no_images_above_the_old_nyquist(orig, new):
    parts = torch.linspace(0.05, 0.9, 10) * orig
    resampled = middle(resample_complex(tones(parts, orig, long_enough(orig, new)), orig, new), orig, new)
    truth = tones(parts, new, resampled.shape[-1], guard_periods(orig, new) * new)
    assert 20 * (resampled - truth).abs().amax().log10() < -120.0  # images, aliases and all other errors together


@pytest.mark.parametrize(("orig", "new"), RATIOS)
def test_float32_is_exact_to_its_rounding(orig, new):
    wave = 0.3 * torch.randn(20000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    exact = resample_blocks(wave, make(orig, new))
    single = resample_blocks(wave.float(), make(orig, new, torch.float32))
    assert (single - exact).abs().max() < 1e-6


def test_equals_soxr_hq_in_its_pass_band():
    soxr = pytest.importorskip("soxr", reason="soxr is an optional oracle")
    n = np.arange(88200)
    for part in (0.5, 0.9, 0.91):
        tone = np.sin(np.pi * part * 16000 / 44100 * n)
        ours = resample_blocks(torch.from_numpy(tone), make(441, 160)).numpy()
        theirs = soxr.resample(tone, 44100, 16000, quality="HQ")
        # soxr HQ loses 0.008 dB, 1e-3 of the amplitude, from 0.9 of the Nyquist frequency on.
        np.testing.assert_allclose(ours[2000:-2000], theirs[2000 : len(ours) - 2000], atol=1.1e-3)


@pytest.mark.parametrize(("orig", "new"), [(441, 160), (160, 441), (2, 1), (16000, 15999)])
def test_guarded_pieces_give_the_whole(orig, new):
    guard = guard_periods(orig, new)
    piece = max(7000 // orig, 1)  # in periods
    wave = torch.randn(
        3 * (piece + guard) * orig + 777, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    whole = resample_blocks(wave, make(orig, new))
    joined = []
    for first in range(0, -(-len(wave) // orig), piece):
        before = min(first, guard)
        part = wave[(first - before) * orig : (first + piece + guard) * orig]
        joined.append(resample_blocks(part, make(orig, new))[before * new :][: piece * new])
    # What the dropped bins of the stop band leave beyond the guard.
    torch.testing.assert_close(torch.cat(joined)[: len(whole)], whole, rtol=0, atol=2e-7)


def test_coprime_rates_need_no_more_memory_than_some_periods():
    conversion = make(44100, 44101)
    assert conversion.periods * 44101 < 2**20
    n = torch.arange(5000, dtype=torch.float64)
    resampled = resample_blocks(torch.sin(0.3 * n), conversion)
    torch.testing.assert_close(
        resampled[500:-500], torch.sin(0.3 * 44100 / 44101 * n)[500 : len(resampled) - 500], rtol=0, atol=1e-6
    )
