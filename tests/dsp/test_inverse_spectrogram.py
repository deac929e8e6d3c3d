import numpy as np
import pytest
import torch

from sonovox.dsp.inverse_spectrogram import InverseSpectrogram, inverse_spectrogram
from sonovox.dsp.spectrogram import Spectrogram, spectrogram


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("hop", [16, 20, 40])
@pytest.mark.parametrize("arguments", [{}, {"normalized": True}, {"normalized": "frame_length"}, {"onesided": False}])
def test_gives_back_the_signal(hop, arguments):
    wave = noise(2, 3, 500)
    spectrum = Spectrogram(64, hop_length=hop, power=None, **arguments).double()(wave)
    back = InverseSpectrogram(64, hop_length=hop, **arguments).double()(spectrum, 500)
    torch.testing.assert_close(back, wave, rtol=1e-9, atol=1e-11)


def test_equals_torch_istft():
    spectrum = torch.complex(noise(2, 33, 21), noise(2, 33, 21).flip(-1))
    window = torch.hamming_window(50, dtype=torch.float64)
    ours = inverse_spectrogram(spectrum, None, 0, window, 64, 13, 50, False)
    theirs = torch.istft(spectrum, 64, 13, 50, window)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


def test_what_was_padded_is_cut_off():
    wave, window = noise(300), torch.hann_window(64, dtype=torch.float64)
    spectrum = spectrogram(wave, 40, window, 64, 16, 64, None, False)
    torch.testing.assert_close(inverse_spectrogram(spectrum, 300, 40, window, 64, 16, 64, False), wave)


def test_beyond_the_last_frame_is_silence():
    spectrum = Spectrogram(64, hop_length=16, power=None).double()(noise(320))
    back = InverseSpectrogram(64, hop_length=16).double()(spectrum, 1000)
    assert back.shape == (1000,)
    assert not back[320 + 32 :].any()


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls, constructor_arguments, float64_default):
    name = "inverse_spectrogram" if kind == "functional" else "InverseSpectrogram"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        spectrum = inputs.pop("spectrogram")
        if kind == "functional":
            ours = inverse_spectrogram(spectrum, **inputs, **call["kwargs"])
        else:
            ours = InverseSpectrogram(**constructor_arguments(call["constructor"]))(spectrum, **call["kwargs"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11)


def test_real_spectra_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"must be complex, got float32; make it with power=None, or use griffinlim"):
        InverseSpectrogram(64)(torch.zeros(33, 5))


def test_another_number_of_bins_is_refused():
    with pytest.raises(ValueError, match=r"\(\.\.\., 33, frames\) with at least one frame, got \(32, 5\)"):
        InverseSpectrogram(64)(torch.zeros(32, 5, dtype=torch.complex64))


def test_samples_that_no_window_covers_are_refused():
    with pytest.raises(ValueError, match=r"windows of 64 samples every hop_length=100 leave samples"):
        InverseSpectrogram(64, hop_length=100)(torch.zeros(33, 5, dtype=torch.complex64))


def test_gradient_equals_torchaudios(torchaudio_calls, torchaudio_reference, float64_default):
    arrays = np.load(torchaudio_reference / "functional" / "inverse_spectrogram.npz")
    for call, inputs, _, _ in torchaudio_calls("functional", "inverse_spectrogram"):
        spectrum = inputs.pop("spectrogram").requires_grad_()
        result = inverse_spectrogram(spectrum, **inputs, **call["kwargs"])
        (result * torch.cos(0.37 * torch.arange(result.numel()) + 0.1).view_as(result)).sum().backward()
        expected = torch.from_numpy(arrays[f"{call['id']}.grad.spectrogram"])
        torch.testing.assert_close(spectrum.grad, expected, rtol=1e-8, atol=1e-10)
