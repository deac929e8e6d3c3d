import pytest
import torch

from sonovox.nn import ISTFT, STFT, resynthesize, spectral_magnitude

STFT_16K, ISTFT_16K = STFT(16000, n_fft=512, win_length=32, hop_length=16), ISTFT(16000, win_length=32, hop_length=16)


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def magnitude(wavs):
    return spectral_magnitude(STFT_16K(wavs), power=0.5)


@pytest.mark.parametrize("time", [1000, 1601, 16000])
def test_a_magnitude_and_its_phase_are_the_waveform(time):
    wavs = noise(3, time)
    found = resynthesize(magnitude(wavs), wavs, STFT_16K, ISTFT_16K, normalize_wavs=False)
    torch.testing.assert_close(found, wavs, atol=1e-5, rtol=0)


def test_a_peak_is_one_for_each_waveform():
    wavs = noise(2, 3200) * torch.tensor([[0.1], [5.0]])
    found = resynthesize(magnitude(wavs), wavs, STFT_16K, ISTFT_16K)
    torch.testing.assert_close(found, wavs / wavs.abs().amax(1, keepdim=True), atol=1e-5, rtol=0)
    silence = torch.zeros(1, 3200)
    assert torch.equal(resynthesize(torch.zeros_like(magnitude(silence)), silence, STFT_16K, ISTFT_16K), silence)


def test_magnitudes_learn():
    wavs = noise(1, 3200)
    changed = magnitude(wavs).requires_grad_()
    resynthesize(changed, wavs, STFT_16K, ISTFT_16K).square().sum().backward()
    assert changed.grad.isfinite().all()
    assert changed.grad.abs().sum() > 0
