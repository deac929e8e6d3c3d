import numpy as np
import pytest
import torch

from sonovox.dsp.chroma import ChromaScale, ChromaSpectrogram, chroma_filterbank


@pytest.mark.peers
@pytest.mark.parametrize("arguments", [{}, {"n_chroma": 24}, {"tuning": 0.3, "octwidth": None}, {"base_c": False}])
def test_equals_librosa(arguments, float64_default):
    librosa = pytest.importorskip("librosa", reason="librosa is an optional oracle")
    expected = librosa.filters.chroma(sr=16000, n_fft=2048, dtype=np.float64, **arguments).T
    ours = chroma_filterbank(16000, 1025, arguments.pop("n_chroma", 12), **arguments)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-9)


def test_octaves_fall_on_one_note():
    chroma = ChromaSpectrogram(16000, 4096)
    time = torch.arange(16000) / 16000
    notes = [chroma(torch.sin(2 * torch.pi * hz * time))[:, 4].argmax().item() for hz in (220.0, 440.0, 880.0, 523.25)]
    assert notes == [9, 9, 9, 0]  # A, A, A, C


def test_another_number_of_bins_is_refused():
    with pytest.raises(ValueError, match=r"n_freqs=201, frames\), got \(200, 4\); set n_freqs"):
        ChromaScale(16000, 201)(torch.ones(200, 4))


def test_counts_that_are_not_positive_are_refused():
    with pytest.raises(ValueError, match="n_chroma must be positive, got 0"):
        chroma_filterbank(16000, 201, 0)
