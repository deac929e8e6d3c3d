"""The filter's quality between rates of long periods, measured with tones: the promise of the default method."""

import math

import pytest
import torch

from sonovox.dsp.resample_between import guard_samples, make_fractional_plan, resample_between
from sonovox.dsp.resample_hq import make_plan, resample_blocks

# Between the rates, down by less and by more than two, up by little and by much.
RATIOS = [(44100, 44101), (16000, 15999), (44100, 32003), (44100, 16001), (44101, 2000), (16001, 44100), (1, 1031)]
CPU = torch.device("cpu")


def convert(signal, orig, new):
    plan = make_fractional_plan(orig, new, torch.float64, CPU)
    if signal.is_complex():
        return torch.complex(resample_between(signal.real, plan), resample_between(signal.imag, plan))
    return resample_between(signal, plan)


def tones(parts, rate, samples):
    """Complex tones, one a row, at `parts` of half of `rate`; time in samples of `rate`."""
    time = torch.arange(samples, dtype=torch.float64)
    return torch.exp(1j * math.pi * parts[:, None] * time / rate)


def in_middle(resampled, orig, new):
    """The part of the output on which the ends of the input have no influence."""
    edge = math.ceil(guard_samples(orig, new) * new / orig)
    assert resampled.shape[-1] > 3 * edge
    return resampled[..., edge:-edge]


def samples_for(orig, new):
    return 4 * guard_samples(orig, new) + (10000 if orig > 1 else -100)


@pytest.mark.parametrize(("orig", "new"), RATIOS)
def test_passes_tones_to_nine_tenths_of_the_lower_nyquist_and_nothing_else(orig, new):
    parts = torch.linspace(0.0, 0.9, 24, dtype=torch.float64) * min(orig, new)
    resampled = convert(tones(parts, orig, samples_for(orig, new)), orig, new)
    truth = tones(parts, new, resampled.shape[-1])
    # Ripple, delay, images and the error of the polynomials together; 0.01 dB are promised of ripple.
    assert 20 * in_middle(resampled - truth, orig, new).abs().amax().log10() < -130.0


@pytest.mark.parametrize(("orig", "new"), [ratio for ratio in RATIOS if ratio[0] > ratio[1]])
def test_tones_above_the_new_nyquist_do_not_alias(orig, new):
    parts = torch.linspace(1.0, orig / new, 40, dtype=torch.float64)[:-1] * new
    resampled = convert(tones(parts, orig, samples_for(orig, new)), orig, new)
    assert 20 * in_middle(resampled, orig, new).abs().amax().log10() < -130.0


def test_tones_up_to_the_old_nyquist_leave_no_images():
    # What stands in the transition band is weakened, but comes as the one tone that it was.
    parts = torch.linspace(0.9, 1.0, 20, dtype=torch.float64) * 16001
    resampled = in_middle(convert(tones(parts, 16001, 12000), 16001, 44100), 16001, 44100)
    start = math.ceil(guard_samples(16001, 44100) * 44100 / 16001)
    pure = tones(parts, 44100, start + resampled.shape[-1])[:, start:]
    gain = (resampled * pure.conj()).mean(-1, keepdim=True)
    assert 20 * (resampled - gain * pure).abs().amax().log10() < -130.0


@pytest.mark.parametrize(("orig", "new"), [(441, 160), (160, 441), (101, 97)])
def test_equals_the_transform_of_whole_periods(orig, new):
    wave = 0.3 * torch.randn(30000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    whole = resample_blocks(wave, make_plan(orig, new, torch.float64, CPU))
    torch.testing.assert_close(convert(wave, orig, new), whole, rtol=0, atol=3e-7)


@pytest.mark.parametrize(("orig", "new"), RATIOS[:-1])
def test_float32_is_exact_to_its_rounding(orig, new):
    wave = 0.3 * torch.randn(20000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    single = resample_between(wave.float(), make_fractional_plan(orig, new, torch.float32, CPU))
    assert (single - convert(wave, orig, new)).abs().max() < 1e-6


@pytest.mark.parametrize(("orig", "new"), [(1601, 1600), (1600, 1601), (1601, 600)])
def test_pieces_that_begin_at_a_period_give_the_whole(orig, new):
    wave = torch.randn(12 * orig + 77, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    whole, joined = convert(wave, orig, new), []
    for first in range(0, 13, 4):
        before = min(first, 1)  # of periods, which are longer than the guard
        piece = convert(wave[(first - before) * orig : (first + 5) * orig], orig, new)
        joined.append(piece[before * new :][: 4 * new])
    # The circular transform's blocks lie elsewhere in a piece: what the stop band leaves at their ends.
    torch.testing.assert_close(torch.cat(joined), whole, rtol=0, atol=2e-7)


def test_the_path_with_derivatives_gives_the_same_numbers():
    wave = torch.randn(3, 9000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for orig, new in RATIOS[:-1]:
        plan = make_fractional_plan(orig, new, torch.float64, CPU)
        recorded = resample_between(wave.clone().requires_grad_(), plan)
        torch.testing.assert_close(recorded, resample_between(wave, plan), rtol=1e-12, atol=1e-12)


def test_the_gradient_is_the_transpose():
    wave, orig, new = torch.randn(9000, dtype=torch.float64).requires_grad_(), 44100, 16001
    resampled = convert(wave, orig, new)
    weights = torch.randn_like(resampled)
    (gradient,) = torch.autograd.grad(resampled, wave, weights)
    other = torch.randn_like(wave.detach())
    expected = (convert(other, orig, new) * weights).sum()  # <A other, weights> = <other, A^T weights>
    torch.testing.assert_close((other * gradient).sum(), expected, rtol=1e-10, atol=1e-10)
