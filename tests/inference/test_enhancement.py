"""Noise taken away; `test_reference_folders` has SpeechBrain's numbers."""

import functools

import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.inference import SpectralMaskEnhancement, WaveformEnhancement
from sonovox.nn import ISTFT, STFT, resynthesize, spectral_magnitude

RATE = 8000


class Half(nn.Module):
    """Half of everything; with its magnitudes, or as a mask."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.longest = kind, 0

    def forward(self, x, lengths=None):
        self.longest = max(self.longest, x.shape[1])
        if self.kind == "mask":
            return torch.ones_like(x)
        return (0.5 * x, x) if self.kind == "waveform and more" else 0.5 * x


def masker(normalize_wavs=False):
    stft, istft = STFT(RATE), ISTFT(RATE)
    resynth = functools.partial(resynthesize, stft=stft, istft=istft, normalize_wavs=normalize_wavs)
    hparams = {
        "sample_rate": RATE,
        "compute_stft": stft,
        "resynth": resynth,
        "spectral_magnitude": functools.partial(spectral_magnitude, power=0.5),
    }
    return SpectralMaskEnhancement({"enhance_model": Half("mask")}, hparams)


def waver(kind="waveform"):
    return WaveformEnhancement({"enhance_model": Half(kind)}, {"sample_rate": RATE})


def noise(seconds, seed=0):
    return 0.2 * torch.randn(round(seconds * RATE), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", ["waveform", "waveform and more"])
def test_a_waveform_comes_as_the_model_gives_it(kind):
    model, wavs = waver(kind), torch.stack([noise(1), noise(1, 1)])
    assert torch.equal(model.enhance_batch(wavs), 0.5 * wavs)
    assert torch.equal(model(wavs, torch.tensor([1.0, 0.5])), 0.5 * wavs)


def test_a_mask_of_ones_changes_nothing():
    wavs = torch.stack([noise(1), noise(1, 1)])
    torch.testing.assert_close(masker().enhance_batch(wavs), wavs, atol=1e-5, rtol=0)


def test_a_batch_comes_out_as_its_items_alone(speechbrain_reference):
    model = SpectralMaskEnhancement.from_hparams(speechbrain_reference / "enhance-metricgan" / "model")
    first, second = noise(1), noise(0.5, 1)
    padded = nn.utils.rnn.pad_sequence([first, second], batch_first=True)
    together = model.enhance_batch(padded, torch.tensor([1.0, 0.5]))
    torch.testing.assert_close(together[:1], model.enhance_batch(first), atol=1e-5, rtol=0)
    # By its length, the shorter one has a frame less than alone; what the recurrence makes of that dies out.
    torch.testing.assert_close(together[1:, :3400], model.enhance_batch(second)[:, :3400], atol=1e-2, rtol=0)


@pytest.mark.parametrize("model", [masker(), waver()], ids=["mask", "waveform"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2)])
def test_a_file_of_any_kind_is_enhanced_and_saved(model, tmp_path, rate, channels):
    sonovox.save(tmp_path / "a.wav", torch.full((channels, rate), 0.5), rate)
    enhanced = model.enhance_file(tmp_path / "a.wav", tmp_path / "b.wav")
    assert enhanced.shape == (RATE,)
    saved, saved_rate = sonovox.load(tmp_path / "b.wav")
    assert saved_rate == RATE
    assert torch.equal(saved[0], enhanced)


@pytest.mark.parametrize("model", [masker(), waver()], ids=["mask", "waveform"])
def test_a_long_file_is_heard_in_chunks_without_seams(model, tmp_path):
    samples = noise(150)
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    gain = 0.5 if isinstance(model, WaveformEnhancement) else 1.0
    torch.testing.assert_close(model.enhance_file(tmp_path / "a.wav"), gain * samples, atol=1e-4, rtol=0)
    assert model.mods.enhance_model.longest <= 60 * RATE


def test_a_long_file_has_one_peak(tmp_path):
    samples = torch.cat((noise(70), 0.1 * noise(70)))  # chunks by themselves would all have peaks of 1
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    enhanced = masker(normalize_wavs=True).enhance_file(tmp_path / "a.wav")
    torch.testing.assert_close(enhanced, samples / samples.abs().max(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("model", [masker(), waver()], ids=["mask", "waveform"])
def test_what_cannot_be_heard_is_told(model, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 0), RATE)
    with pytest.raises(UnsupportedAudioError, match="holds no samples"):
        model.enhance_file(tmp_path / "a.wav")
    with pytest.raises(NonFiniteAudioError):
        model.enhance_batch(torch.full((1, 8000), torch.inf))
    with pytest.raises(ArgumentError, match=r"wavs must be \(batch, time\)"):
        model.enhance_batch(torch.zeros(1, 1, 8000))


def test_a_model_for_something_else_is_refused():
    with pytest.raises(ArgumentError, match="SpectralMaskEnhancement needs the modules enhance_model"):
        SpectralMaskEnhancement({"encoder": nn.Identity()})
    with pytest.raises(ArgumentError, match="needs the hyperparameters compute_stft, spectral_magnitude, resynth"):
        SpectralMaskEnhancement({"enhance_model": nn.Identity()})
    hparams = {"compute_stft": 3, "spectral_magnitude": len, "resynth": len}
    with pytest.raises(ArgumentError, match="compute_stft must be a function, got 3"):
        SpectralMaskEnhancement({"enhance_model": nn.Identity()}, hparams)
