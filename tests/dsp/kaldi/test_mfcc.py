import pytest
import torch
from scipy.fft import dct

from sonovox.dsp.kaldi.fbank import fbank
from sonovox.dsp.kaldi.mfcc import mfcc


def noise(*shape):
    return 1000 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_equals_torchaudio(kaldi_calls):
    for name, waveform, arguments, expected in kaldi_calls("mfcc"):
        # 4e-4 of log energies (see the test of fbank), raised by the lifter up to 12 times but shared by 23 filters.
        torch.testing.assert_close(
            mfcc(waveform, **arguments), expected, rtol=0, atol=2e-3, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_is_the_cosine_transform_of_the_filter_energies():
    wave = noise(4000)
    expected = dct(fbank(wave, num_mel_bins=30).numpy(), norm="ortho")[:, :20]
    ours = mfcc(wave, num_ceps=20, num_mel_bins=30, cepstral_lifter=0.0)
    torch.testing.assert_close(ours, torch.from_numpy(expected), rtol=0, atol=1e-9)


def test_the_lifter_weighs_the_coefficients():
    wave = noise(4000)
    ratio = mfcc(wave) / mfcc(wave, cepstral_lifter=0.0)
    torch.testing.assert_close(ratio[0, 0].item(), 1.0)
    torch.testing.assert_close(ratio[0, 11].item(), 12.0)  # 1 + 22 / 2, the top of the sine


def test_order_of_htk():
    wave = noise(4000)
    plain, htk = mfcc(wave), mfcc(wave, htk_compat=True)
    torch.testing.assert_close(htk[:, :-1], plain[:, 1:])
    torch.testing.assert_close(htk[:, -1], plain[:, 0] * 2**0.5)
    energy = mfcc(wave, htk_compat=True, use_energy=True)[:, -1]
    torch.testing.assert_close(energy, fbank(wave, use_energy=True)[:, 0])


def test_more_coefficients_than_filters_are_refused():
    with pytest.raises(ValueError, match="num_ceps must be in 1 to num_mel_bins=23, got 24; raise num_mel_bins"):
        mfcc(noise(400), num_ceps=24)
