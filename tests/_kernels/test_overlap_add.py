import numpy as np
import pytest
import torch

from sonovox._kernels.overlap_add import overlap_add_spectra


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("n_fft", "hop"), [(4, 1), (10, 10), (24, 7), (24, 30), (400, 160), (512, 128)])
@pytest.mark.parametrize("count", [1, 15, 16, 37])
def test_equals_the_sum_of_numpys_frames(compiled, n_fft, hop, count):
    window = torch.hamming_window(n_fft, periodic=False)
    parts = noise(2, 3, count, n_fft // 2 + 1, 2)  # imaginary parts of the first and last bin do not count
    frames = np.fft.irfft(torch.view_as_complex(parts).to(torch.complex128).numpy(), n_fft) * window.double().numpy()
    expected = np.zeros((2, 3, (count - 1) * hop + n_fft))
    for index in range(count):
        expected[..., index * hop : index * hop + n_fft] += frames[..., index, :]
    found = overlap_add_spectra(torch.view_as_complex(parts), window, hop)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_conjugates_and_transposed_spectra(compiled):
    spectra, window = torch.view_as_complex(noise(13, 20, 2)), torch.ones(24)
    plain = overlap_add_spectra(spectra.t().contiguous(), window, 12)
    assert torch.equal(overlap_add_spectra(spectra.t(), window, 12), plain)
    assert torch.equal(overlap_add_spectra(spectra.conj().resolve_conj().t().conj(), window, 12), plain)


def test_what_is_not_finite_stays_in_its_frame(compiled):
    spectra = torch.ones(40, 13, dtype=torch.complex64)
    spectra[20, 3] = torch.nan
    broken = overlap_add_spectra(spectra, torch.ones(24), 24).isnan().nonzero().flatten()
    assert broken.tolist() == list(range(20 * 24, 21 * 24))


def test_other_numbers_are_left_to_torch(compiled):
    spectra = torch.zeros(3, 13, dtype=torch.complex64)
    assert overlap_add_spectra(spectra.to(torch.complex128), torch.ones(24).double(), 12) is None
    assert overlap_add_spectra(torch.zeros(3, 12, dtype=torch.complex64), torch.ones(23), 12) is None
    assert overlap_add_spectra(spectra[:0], torch.ones(24), 12) is None
