import math

import numpy as np
import pytest
import torch

from sonovox.dsp import biquads

RATE = 16000


def response(name, frequency, *arguments, **options):
    """Gain at a frequency, from the answer to an impulse: 1 s of it, in which even narrow filters die away."""
    impulse = torch.zeros(RATE, dtype=torch.float64)
    impulse[0] = 1.0
    answer = getattr(biquads, name)(impulse, RATE, *arguments, **options).numpy()
    return complex(np.exp(-2j * np.pi * frequency / RATE * np.arange(RATE)) @ answer)


@pytest.mark.parametrize("name", biquads.__all__)
def test_equals_torchaudio(torchaudio_calls, name):
    for call, inputs, expected, _ in torchaudio_calls("functional", name):
        result = getattr(biquads, name)(**inputs, **call["kwargs"])
        torch.testing.assert_close(result, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cutoff", [30.0, 1000.0, 7000.0])
def test_pass_filters_have_the_gain_q_at_their_cutoff(cutoff):
    for name, keeps, stops in (("lowpass_biquad", 0, RATE / 2), ("highpass_biquad", RATE / 2, 0)):
        assert abs(response(name, cutoff, cutoff, 0.5)) == pytest.approx(0.5, rel=1e-7)
        assert abs(response(name, keeps, cutoff)) == pytest.approx(1.0, rel=1e-7)
        assert abs(response(name, stops, cutoff)) < 1e-7


def test_allpass_keeps_levels_and_turns_the_phase_by_half_a_turn():
    assert response("allpass_biquad", 1000, 1000.0) == pytest.approx(-1.0, rel=1e-9)
    assert abs(response("allpass_biquad", 3210, 1000.0)) == pytest.approx(1.0, rel=1e-9)


def test_bandpass_is_one_in_the_middle_or_q_by_skirts():
    assert response("bandpass_biquad", 1000, 1000.0, 2.0) == pytest.approx(1.0, rel=1e-9)
    # Limiting to [-1, 1] does not meet the impulse response of this gain of 2.
    assert response("bandpass_biquad", 1000, 1000.0, 2.0, True) == pytest.approx(2.0, rel=1e-9)


def test_bandreject_removes_its_centre_only():
    assert abs(response("bandreject_biquad", 1000, 1000.0, 5.0)) < 1e-9
    assert abs(response("bandreject_biquad", 4000, 1000.0, 5.0)) == pytest.approx(1.0, abs=0.01)


def test_band_keeps_a_tone_or_the_power_of_noise():
    assert abs(response("band_biquad", 1000, 1000.0, 2.0)) == pytest.approx(1.0, abs=0.01)
    impulse = torch.zeros(RATE, dtype=torch.float64)
    impulse[0] = 1.0
    answer = biquads.band_biquad(0.1 * impulse, RATE, 1000.0, 2.0, noise=True)
    assert 100 * answer.square().sum().item() == pytest.approx(1.0, rel=1e-6)


def test_a_cutoff_can_be_learnt():
    """Towards a filter of another cutoff: the derivative in the frequency points the right way."""
    wave = 0.1 * torch.randn(2000, generator=torch.Generator().manual_seed(0))
    target, octaves = biquads.lowpass_biquad(wave, RATE, 2000.0), torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.Adam([octaves], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        (biquads.lowpass_biquad(wave, RATE, 1000.0 * 2**octaves) - target).square().mean().backward()
        optimizer.step()
    assert octaves.item() == pytest.approx(math.log2(2), abs=0.02)


@pytest.mark.parametrize("name", biquads.__all__)
def test_a_frequency_beyond_half_the_rate_is_refused(name):
    with pytest.raises(ValueError, match=r"_freq must be above 0 and at most sample_rate / 2 = 8000 Hz, got 9000"):
        getattr(biquads, name)(torch.zeros(10), RATE, 9000.0)
