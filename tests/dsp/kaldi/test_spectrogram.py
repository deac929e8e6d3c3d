import math

import numpy as np
import pytest
import torch

from sonovox.dsp.kaldi.spectrogram import spectrogram


def noise(*shape, seed=0):
    return 1000 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_definition(wave, size=400, hop=160, n_fft=512, preemphasis=0.97):
    """Frame by frame, with the default options."""
    rows = []
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))) ** 0.85
    for start in range(0, len(wave) - size + 1, hop):
        frame = wave[start : start + size] - np.mean(wave[start : start + size])
        energy = np.log(np.sum(frame**2))
        emphasised = frame - preemphasis * np.concatenate((frame[:1], frame[:-1]))
        power = np.abs(np.fft.rfft(emphasised * window, n_fft)) ** 2
        rows.append(np.concatenate(([energy], np.log(power[1:]))))
    return np.stack(rows)


def test_equals_the_definition():
    wave = noise(3000)
    np.testing.assert_allclose(spectrogram(wave).numpy(), by_definition(wave.numpy()), atol=1e-9)


def test_equals_torchaudio(kaldi_calls):
    for name, waveform, arguments, expected in kaldi_calls("spectrogram"):
        if expected is None:
            with pytest.raises(ValueError, match=r"even number of samples, got 441; set round_to_power_of_two=True"):
                spectrogram(waveform, **arguments)
            continue
        ours = spectrogram(waveform.double(), **arguments).exp()
        # Their float32 leaves an error of 3e-7 of the largest amplitude of a frame in every bin,
        # which is much of the logarithm of a bin near zero; so amplitudes are compared.
        largest = ours[:, 1:].amax(dim=1, keepdim=True)
        error = ((expected.double().exp() / largest).sqrt() - (ours / largest).sqrt())[:, 1:].abs().max()
        assert error < 1e-6, (name, error)
        torch.testing.assert_close(ours[:, 0].log().float(), expected[:, 0], rtol=0, atol=1e-5)


def test_the_energy_stands_in_the_first_bin():
    wave = noise(400)
    energy = spectrogram(wave, remove_dc_offset=False)[0, 0]
    assert energy.item() == pytest.approx(math.log(wave.square().sum().item()))
    assert spectrogram(torch.zeros(400), energy_floor=5.0)[0, 0].item() == pytest.approx(math.log(5.0))
    assert spectrogram(torch.zeros(400), energy_floor=0.0)[0, 0].item() == pytest.approx(math.log(2.0**-23))


def test_mean_over_frames_is_subtracted():
    features = spectrogram(noise(4000), subtract_mean=True)
    torch.testing.assert_close(features.mean(0), torch.zeros(257, dtype=torch.float64), rtol=0, atol=1e-12)


def test_dither_adds_noise_of_its_deviation():
    torch.manual_seed(0)
    energy = spectrogram(torch.zeros(160000), dither=2.0, remove_dc_offset=False)[:, 0]
    assert energy.exp().mean().item() == pytest.approx(400 * 4.0, rel=0.02)


def test_a_channel_is_chosen_and_leading_dimensions_are_kept():
    wave = noise(3, 2, 2000)
    torch.testing.assert_close(spectrogram(wave, channel=1)[2], spectrogram(wave[2, 1]))
    torch.testing.assert_close(spectrogram(wave)[1], spectrogram(wave[1, 0]))
    with pytest.raises(ValueError, match=r"channel must be below 2, got 2; waveform has shape \(3, 2, 2000\)"):
        spectrogram(wave, channel=2)
