import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference import MelSpectrogramEncoder
from sonovox.models import ECAPA_TDNN
from sonovox.nn import InputNormalization
from sonovox.transforms import MelSpectrogram

SETTINGS = {
    "sample_rate": 16000,
    "hop_length": 256,
    "win_length": 1024,
    "n_mel_channels": 20,
    "n_fft": 1024,
    "mel_fmin": 0.0,
    "mel_fmax": 8000.0,
    "mel_normalized": False,
    "power": 1,
    "norm": "slaney",
    "mel_scale": "slaney",
    "dynamic_range_compression": True,
}


def encoder(**settings):
    torch.manual_seed(0)
    modules = {
        "normalizer": InputNormalization(norm_type="sentence", std_norm=False),
        "embedding_model": ECAPA_TDNN(20, channels=[8] * 4 + [16], attention_channels=4, lin_neurons=6),
    }
    return MelSpectrogramEncoder(modules, {**SETTINGS, **settings})


def test_the_spectrogram_is_that_of_the_settings():
    wav = torch.randn(2, 8000)
    expected = MelSpectrogram(
        16000, 1024, 1024, 256, 0.0, 8000.0, n_mels=20, power=1, norm="slaney", mel_scale="slaney"
    )(wav)
    torch.testing.assert_close(encoder(dynamic_range_compression=False).mel_spectrogram(wav), expected)
    torch.testing.assert_close(encoder().mel_spectogram(wav), expected.clamp(min=1e-5).log())


def test_a_wave_its_spectrogram_and_a_batch_of_it_have_one_embedding():
    model, wav = encoder(), torch.randn(8000)
    mel = model.mel_spectrogram(wav)
    expected = model.encode_waveform(wav)
    assert expected.shape == (1, 1, 6)
    torch.testing.assert_close(model.encode_mel_spectrogram(mel), expected)
    torch.testing.assert_close(model.encode_mel_spectrogram_batch(mel.expand(2, -1, -1))[1:], expected)


def test_a_setting_that_is_missing_is_told():
    settings = dict(SETTINGS)
    del settings["mel_scale"]
    with pytest.raises(ArgumentError, match="hyperparameters mel_scale"):
        MelSpectrogramEncoder(dict(encoder().mods), settings)
