import pytest
import torch

from sonovox.dsp.bark import BARK_SCALES, BarkScale
from sonovox.dsp.inverse_bark import InverseBarkScale


@pytest.mark.parametrize("scale", BARK_SCALES)
def test_is_the_solution_of_least_energy(scale):
    barkspec = torch.rand(2, 20, 5, dtype=torch.float64)
    module = InverseBarkScale(201, 20, bark_scale=scale).double()
    filters = BarkScale(20, n_stft=201, bark_scale=scale).double().fb
    wanted = torch.linalg.lstsq(filters.t().expand(2, -1, -1), barkspec, driver="gelsd").solution.relu()
    torch.testing.assert_close(module(barkspec), wanted, rtol=1e-5, atol=1e-6)  # its inverse is held in float32


def test_the_barks_come_back():
    scale = BarkScale(24, n_stft=257)
    barks = scale(1 + 0.1 * torch.rand(257, 9))
    torch.testing.assert_close(scale(InverseBarkScale(257, 24)(barks)), barks, rtol=0.05, atol=0.0)  # less what was cut


def test_another_number_of_filters_is_refused():
    with pytest.raises(ValueError, match=r"barkspec must have shape \(\.\.\., n_barks=10, frames\), got \(9, 3\)"):
        InverseBarkScale(65, 10)(torch.rand(9, 3))
