import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import ISTFT, STFT, spectral_magnitude
from sonovox.nn.stft import samples_of_ms


@pytest.mark.parametrize(
    "arguments", [{}, {"n_fft": 512, "normalized_stft": True}, {"win_length": 32, "hop_length": 8, "n_fft": 600}]
)
def test_the_spectrum_is_that_of_torch(arguments):
    wave = torch.randn(2, 4000)
    stft = STFT(16000, **arguments)
    expected = torch.stft(
        wave,
        stft.n_fft,
        stft.hop_length,
        stft.win_length,
        torch.hamming_window(stft.win_length),
        pad_mode="constant",
        normalized=stft.normalized_stft,
        return_complex=True,
    )
    torch.testing.assert_close(stft(wave), torch.view_as_real(expected).transpose(1, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("arguments", [{}, {"onesided": False}, {"normalized_stft": True}])
@pytest.mark.parametrize("shape", [(2, 4000), (2, 4000, 3)])
def test_the_inverse_gives_the_signal_back(shape, arguments):
    wave = torch.randn(shape)
    spectrum = STFT(16000, **arguments)(wave)
    torch.testing.assert_close(ISTFT(16000, **arguments)(spectrum), wave, rtol=1e-4, atol=1e-4)
    assert ISTFT(16000, **arguments)(spectrum, sig_length=3900).shape[1] == 3900


def test_channels_are_signals_of_their_own():
    wave = torch.randn(2, 4000, 3)
    torch.testing.assert_close(STFT(16000)(wave)[..., 1], STFT(16000)(wave[..., 1]))


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_magnitudes_are_powers_of_the_absolute_value(power):
    spectrum = torch.randn(2, 5, 7, 2)
    absolute = np.abs(spectrum[..., 0].numpy() + 1j * spectrum[..., 1].numpy())
    np.testing.assert_allclose(spectral_magnitude(spectrum, power), absolute ** (2 * power), rtol=1e-4)
    np.testing.assert_allclose(
        spectral_magnitude(spectrum, power, log=True), 2 * power * np.log(absolute), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("power", [0.5, 1, 1.5])
def test_silence_has_finite_gradients(power):
    spectrum = torch.zeros(1, 2, 3, 2, requires_grad=True)
    spectral_magnitude(spectrum, power, log=True).sum().backward()
    assert spectrum.grad.isfinite().all()


def test_milliseconds_are_the_nearest_samples():
    assert [samples_of_ms(ms, rate) for ms, rate in ((25, 16000), (10, 22050), (12.5, 8000))] == [400, 220, 100]


def test_a_spectrum_without_real_and_imaginary_part_is_refused():
    with pytest.raises(ArgumentError, match="imaginary part last"):
        ISTFT(16000)(torch.zeros(2, 9, 201, 3))
