import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.dual_path.basis import Decoder, Encoder


def test_coefficients_are_products_with_windows_that_overlap_by_half():
    encoder, x = Encoder(16, 5), torch.randn(2, 160)
    windows = x.unfold(1, 16, 8)
    expected = torch.einsum("btk,ck->bct", windows, encoder.conv1d.weight[:, 0]).relu()
    torch.testing.assert_close(encoder(x), expected)


def test_recordings_of_several_channels():
    assert Encoder(4, 6, in_channels=2)(torch.randn(3, 2, 20)).shape == (3, 6, 9)


@pytest.mark.parametrize(("batch", "channels", "shape"), [(3, 1, (3, 20)), (1, 1, (1, 20)), (3, 2, (3, 2, 20))])
def test_one_channel_is_a_waveform(batch, channels, shape):
    decoder = Decoder(in_channels=6, out_channels=channels, kernel_size=4, stride=2)
    assert decoder(torch.randn(batch, 6, 9)).shape == shape


def test_a_decoder_takes_frames_of_one_coefficient():
    assert Decoder(1, 1, 4, stride=2)(torch.randn(3, 9)).shape == (3, 20)


def test_other_shapes_are_told():
    with pytest.raises(ArgumentError, match="got shape"):
        Decoder(6, 1, 4)(torch.randn(2, 2, 6, 9))
