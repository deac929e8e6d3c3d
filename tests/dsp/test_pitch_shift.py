import pytest
import torch

from sonovox.dsp.pitch_shift import PitchShift, pitch_shift


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls, constructor_arguments, float64_default):
    name = "pitch_shift" if kind == "functional" else "PitchShift"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        if kind == "functional":
            ours = pitch_shift(**inputs, **call["kwargs"])
        else:
            ours = PitchShift(**constructor_arguments(call["constructor"]))(inputs["waveform"])
        torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("n_steps", [-12, -5, 1, 7])
def test_a_tone_moves_by_its_steps(n_steps):
    tone = torch.sin(2 * torch.pi * 600 / 16000 * torch.arange(32000))
    spectrum = torch.fft.rfft(pitch_shift(tone, 16000, n_steps) * torch.hann_window(32000)).abs()
    found = spectrum.argmax().item() * 16000 / 32000
    # Half a hertz is the bin; the rate in whole hertz and the phases at the ends are within it.
    assert found == pytest.approx(600 * 2 ** (n_steps / 12), abs=1.0)


def test_no_steps_leave_the_signal():
    wave = torch.randn(2, 4000, dtype=torch.float64)
    torch.testing.assert_close(pitch_shift(wave, 16000, 0), wave)


def test_a_signal_shorter_than_its_mirror_is_refused():
    with pytest.raises(ValueError, match="at least 257 samples"):
        pitch_shift(torch.zeros(100), 16000, 2)
