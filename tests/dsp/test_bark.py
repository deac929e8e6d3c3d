import numpy as np
import pytest
import torch

from sonovox.dsp.bark import BARK_SCALES, BarkScale, BarkSpectrogram, bark_to_hz, barkscale_fbanks, hz_to_bark
from sonovox.dsp.spectrogram import Spectrogram


@pytest.mark.parametrize("scale", BARK_SCALES)
def test_there_and_back(scale):
    hz = np.linspace(20.0, 20000.0, 500)
    np.testing.assert_allclose(bark_to_hz(hz_to_bark(hz, scale), scale), hz, rtol=1e-9)
    assert (np.diff(hz_to_bark(hz, scale)) > 0).all()


def test_traunmuller_is_near_zwickers_critical_bands():
    # Zwicker, "Subdivision of the audible frequency range into critical bands", 1961: upper edges of bands 1 to 24.
    edges = [100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400]
    edges += [5300, 6400, 7700, 9500, 12000, 15500]
    np.testing.assert_allclose(hz_to_bark(np.array(edges, dtype=float)), np.arange(1, 25), atol=0.2)


def test_filters_peak_at_equal_distances_in_bark():
    filters = barkscale_fbanks(2001, 0.0, 8000.0, 20, 16000)
    peaks = hz_to_bark(filters.argmax(0).numpy() * 4.0)
    np.testing.assert_allclose(np.diff(peaks), hz_to_bark(8000.0) / 21, rtol=0.1)


def test_the_spectrogram_is_summed_by_the_filters():
    wave = torch.randn(2, 4000)
    expected = BarkScale(24, n_stft=201)(Spectrogram()(wave))
    torch.testing.assert_close(BarkSpectrogram(n_barks=24)(wave), expected)


def test_arguments_that_cannot_be_used_are_named():
    with pytest.raises(ValueError, match="did you mean traunmuller"):
        hz_to_bark(100.0, "traunmueller")
    with pytest.raises(ValueError, match=r"f_min must be at least 0 and below f_max=100.0, got 200.0"):
        barkscale_fbanks(201, 200.0, 100.0, 10, 16000)
