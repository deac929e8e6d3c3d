import numpy as np
import pytest
import scipy.fft
import torch

from sonovox.nn import DCT, ContextWindow, Deltas


@pytest.mark.parametrize(("ortho", "norm"), [(True, "ortho"), (False, None)])
def test_the_cosine_transform_is_that_of_scipy(ortho, norm):
    x = torch.randn(2, 5, 9)
    expected = scipy.fft.dct(x.numpy().astype(np.float64), norm=norm)[..., :4]
    np.testing.assert_allclose(DCT(9, 4, ortho_norm=ortho)(x), expected, atol=1e-5)


def test_a_line_has_its_slope():
    x = 3.0 * torch.arange(20.0).view(1, 20, 1).expand(2, 20, 4)
    torch.testing.assert_close(Deltas(4, window_length=9)(x)[:, 4:-4], torch.full((2, 12, 4), 3.0))


def test_neighbours_of_a_frame_stand_side_by_side_for_each_feature():
    x = torch.arange(1.0, 7.0).view(1, 3, 2)
    expected = [[0, 1, 3, 0, 2, 4], [1, 3, 5, 2, 4, 6], [3, 5, 0, 4, 6, 0]]
    assert ContextWindow(1, 1)(x)[0].tolist() == expected


def test_no_neighbours_change_nothing():
    x = torch.randn(2, 5, 3)
    assert torch.equal(ContextWindow()(x), x)


@pytest.mark.parametrize("module", [DCT(4, 3), Deltas(4), ContextWindow(2, 1)])
def test_channels_are_features_of_their_own(module):
    x = torch.randn(2, 9, 4, 3)
    torch.testing.assert_close(module(x)[..., 2], module(x[..., 2]))
