import pytest
import torch

from sonovox.dsp.overlap_add import overlap_add, squared_envelope


@pytest.mark.parametrize(("n", "hop"), [(8, 2), (8, 3), (5, 5), (4, 7)])
def test_frames_are_added_at_their_places(n, hop):
    frames = torch.randn(2, 6, n, dtype=torch.float64)
    expected = torch.zeros(2, 5 * hop + n, dtype=torch.float64)
    for index in range(6):
        expected[:, index * hop : index * hop + n] += frames[:, index]
    for given in (frames.clone(), frames.clone().requires_grad_()):
        result = overlap_add(given, hop)
        torch.testing.assert_close(result[:, : expected.shape[1]], expected)
        assert not result[:, expected.shape[1] :].any()


def test_the_envelope_of_hann_squared_is_constant_at_a_quarter():
    envelope = squared_envelope(torch.hann_window(16, dtype=torch.float64), 20, 4)
    torch.testing.assert_close(envelope[16:-16], torch.full_like(envelope[16:-16], 1.5))
