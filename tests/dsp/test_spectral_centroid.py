import pytest
import torch

from sonovox.dsp.spectral_centroid import SpectralCentroid, spectral_centroid
from sonovox.dsp.spectrogram import Spectrogram


def test_is_the_mean_frequency_by_magnitude():
    wave = torch.randn(2, 3000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    magnitude = Spectrogram(128, hop_length=50, power=1.0).double()(wave)
    frequencies = torch.linspace(0, 4000, 65, dtype=torch.float64)[:, None]
    expected = (magnitude * frequencies).sum(-2) / magnitude.sum(-2)
    torch.testing.assert_close(SpectralCentroid(8000, 128, hop_length=50).double()(wave), expected)


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls, constructor_arguments, float64_default):
    name = "spectral_centroid" if kind == "functional" else "SpectralCentroid"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        if kind == "functional":
            ours = spectral_centroid(**inputs, **call["kwargs"])
        else:
            ours = SpectralCentroid(**constructor_arguments(call["constructor"]))(inputs["waveform"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9)


def test_silence_is_at_zero_hertz_where_torchaudio_gives_nan():
    wave = torch.cat((torch.zeros(4000), torch.randn(4000)))
    centroid = SpectralCentroid(16000)(wave)
    assert centroid.isfinite().all()
    assert centroid[:19].eq(0).all()


def test_a_rate_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="sample_rate must be positive, got -1; give it in Hz"):
        SpectralCentroid(-1)(torch.zeros(1000))
