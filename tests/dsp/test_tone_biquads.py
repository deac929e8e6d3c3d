import numpy as np
import pytest
import torch

from sonovox.dsp import tone_biquads

RATE = 16000


def decibels(name, frequency, rate, *arguments):
    """Gain in dB at a frequency, from the answer to a small impulse: 1 s of it, in which the filters die away."""
    impulse = torch.zeros(rate, dtype=torch.float64)
    impulse[0] = 1e-3
    answer = 1e3 * getattr(tone_biquads, name)(impulse, rate, *arguments).numpy()
    return 20 * np.log10(abs(np.exp(-2j * np.pi * frequency / rate * np.arange(rate)) @ answer))


@pytest.mark.parametrize("name", tone_biquads.__all__)
def test_equals_torchaudio(torchaudio_calls, name):
    for call, inputs, expected, _ in torchaudio_calls("functional", name):
        result = getattr(tone_biquads, name)(**inputs, **call["kwargs"])
        torch.testing.assert_close(result, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("gain", [-12.0, 6.0])
def test_shelves_have_half_their_gain_in_the_middle(gain):
    for name, shelf, other in (("bass_biquad", 0, RATE / 2), ("treble_biquad", RATE / 2, 0)):
        assert decibels(name, shelf, RATE, gain, 1000.0) == pytest.approx(gain, abs=1e-6)
        assert decibels(name, 1000, RATE, gain, 1000.0) == pytest.approx(gain / 2, abs=1e-6)
        assert decibels(name, other, RATE, gain, 1000.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("gain", [-12.0, 6.0])
def test_the_peak_has_its_gain_in_the_middle_only(gain):
    assert decibels("equalizer_biquad", 1000, RATE, 1000.0, gain, 2.0) == pytest.approx(gain, abs=1e-6)
    assert decibels("equalizer_biquad", 0, RATE, 1000.0, gain, 2.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("rate", sorted(tone_biquads.DEEMPHASIS))
def test_deemphasis_is_that_of_its_time_constants(rate):
    """50 and 15 us, to what a biquad reaches below 0.9 of half the rate."""
    for frequency in (100, 1000, 5000, 10000, 16000):
        s = 2j * np.pi * frequency
        expected = 20 * np.log10(abs((1 + 15e-6 * s) / (1 + 50e-6 * s)))
        assert decibels("deemph_biquad", frequency, rate) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("rate", sorted(tone_biquads.RIAA))
def test_riaa_is_that_of_its_time_constants(rate):
    """3180, 318 and 75 us, relative to 1 kHz, to half a dB: the digits of SoX's zeros and poles."""

    def curve(frequency):
        s = 2j * np.pi * frequency
        return 20 * np.log10(abs((1 + 318e-6 * s) / (1 + 3180e-6 * s) / (1 + 75e-6 * s)))

    assert decibels("riaa_biquad", 1000, rate) == pytest.approx(0.0, abs=1e-3)
    for frequency in (30, 100, 500, 3000, 10000):
        assert decibels("riaa_biquad", frequency, rate) == pytest.approx(curve(frequency) - curve(1000), abs=0.5)


@pytest.mark.parametrize(("name", "rates"), [("deemph_biquad", "44100, 48000"), ("riaa_biquad", ".*88200, 96000")])
def test_other_rates_are_refused(name, rates):
    with pytest.raises(ValueError, match=f"sample_rate must be one of {rates} Hz, got 16000; resample"):
        getattr(tone_biquads, name)(torch.zeros(10), 16000)
