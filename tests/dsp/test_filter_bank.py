import numpy as np
import pytest
import torch

from sonovox.dsp.filter_bank import filter_spectrum, triangular_filters


def test_triangles_sum_to_one_between_their_peaks():
    filters = triangular_filters(np.linspace(1.0, 4.0, 30), np.array([0.0, 1.0, 2.5, 4.0, 7.0]))
    np.testing.assert_allclose(filters.sum(axis=1), 1.0)


def test_summing_is_a_product():
    spectrum, filters = torch.rand(2, 5, 7), torch.rand(5, 3)
    torch.testing.assert_close(filter_spectrum(spectrum, filters, "n_stft"), filters.t() @ spectrum)


def test_another_number_of_bins_is_refused_in_the_callers_words():
    with pytest.raises(ValueError, match=r"\(\.\.\., n_freqs=5, frames\), got \(4, 7\); set n_freqs to the number"):
        filter_spectrum(torch.rand(4, 7), torch.rand(5, 3), "n_freqs")
