import math

import numpy as np
import pytest
import torch

from sonovox.dsp.phase_vocoder import TimeStretch, phase_vocoder
from sonovox.dsp.spectrogram import Spectrogram


def by_angles(spectrum, rate):
    """The textbook's way, frame by frame in float64: angles, steps between frames, their sum."""
    padded = np.pad(spectrum, ((0, 0), (0, 2)))
    phase, frames = np.angle(padded[:, 0]), []
    for k in range(math.ceil(spectrum.shape[1] / rate)):
        place = int(k * rate)
        between = k * rate - place
        before, after = padded[:, place], padded[:, place + 1]
        frames.append(((1 - between) * abs(before) + between * abs(after)) * np.exp(1j * phase))
        phase = phase + np.angle(after) - np.angle(before)
    return np.stack(frames, axis=1)


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("rate", [1.3, 0.7, 2.0, 0.31])
@pytest.mark.parametrize("with_gradient", [False, True])
def test_equals_sums_of_angles(rate, with_gradient):
    spectrum = torch.complex(noise(9, 50), noise(9, 50).flip(-1))
    given = spectrum.clone().requires_grad_(with_gradient)
    ours = phase_vocoder(given, rate, torch.zeros(9, 1)).detach()
    np.testing.assert_allclose(ours.numpy(), by_angles(spectrum.numpy(), rate), atol=1e-11)


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls, float64_default):
    name = "phase_vocoder" if kind == "functional" else "TimeStretch"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        if kind == "functional":
            ours = phase_vocoder(**inputs, **call["kwargs"])
        else:
            ours = TimeStretch(**call["constructor"])(inputs["complex_specgrams"], **call["kwargs"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("with_gradient", [False, True])
def test_float32_keeps_its_digits_over_a_minute(with_gradient):
    spectrum = Spectrogram(400, hop_length=160, power=None).double()(noise(60 * 16000))
    exact = phase_vocoder(spectrum, 1.1, torch.zeros(201, 1))
    narrow = spectrum.to(torch.complex64).requires_grad_(with_gradient)
    error = (phase_vocoder(narrow, 1.1, torch.zeros(201, 1)).detach() - exact).norm() / exact.norm()
    assert error < 1e-3  # torchaudio's is 0.2; the rest is a phase that a float32 input itself leaves open


def test_silence_stays_silent():
    for leaf in (False, True):
        spectrum = torch.zeros(5, 8, dtype=torch.complex64, requires_grad=leaf)
        assert phase_vocoder(spectrum, 0.8, torch.zeros(5, 1)).abs().max() == 0


def test_what_cannot_be_stretched_is_refused():
    spectrum = torch.zeros(5, 8, dtype=torch.complex64)
    with pytest.raises(ValueError, match="rate must be positive, got 0"):
        phase_vocoder(spectrum, 0.0, torch.zeros(5, 1))
    with pytest.raises(ValueError, match=r"phase_advance must have shape \(5, 1\), got \(6, 1\)"):
        phase_vocoder(spectrum, 2.0, torch.zeros(6, 1))
    with pytest.raises(ValueError, match=r"must be complex of shape \(\.\.\., freq, frames\), got float32"):
        phase_vocoder(spectrum.real, 2.0, torch.zeros(5, 1))
    with pytest.raises(ValueError, match="no rate is given; give fixed_rate to the module"):
        TimeStretch(n_freq=5)(spectrum)
