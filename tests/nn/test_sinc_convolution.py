import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import SincConv


@torch.no_grad()
def test_filters_pass_their_band_and_stop_the_others():
    layer = SincConv(8, 251, in_channels=1)
    spectra = torch.fft.rfft(layer.filters()[:, 0], n=4000).abs()  # 4 Hz a bin
    low = 50 + layer.low_hz_.abs()[:, 0]
    high = low + 50 + layer.band_hz_.abs()[:, 0]
    for spectrum, start, end in zip(spectra[2:7], low[2:7] / 4, high[2:7] / 4, strict=True):
        inside = spectrum[int(start) + 25 : int(end) - 25].mean()
        outside = spectrum[int(end) + 50 :].mean()
        assert inside > 100 * outside


def test_edges_start_at_equal_distances_in_mel():
    layer = SincConv(10, 31, in_channels=1)
    edges = torch.cat((layer.low_hz_, (layer.low_hz_ + layer.band_hz_)[-1:]))[:, 0].detach()
    mels = 2595 * torch.log10(1 + edges / 700)
    torch.testing.assert_close(mels.diff(), mels.diff().mean().expand(10), rtol=1e-3, atol=1e-3)


def test_edges_are_trained():
    layer = SincConv(4, 31, input_shape=[None, None])
    layer(torch.randn(2, 200)).square().sum().backward()
    assert (layer.low_hz_.grad != 0).all()
    assert (layer.band_hz_.grad != 0).all()


def test_padding_and_stride_are_those_of_convolutions():
    x = torch.randn(2, 400, 2)
    assert SincConv(4, 31, in_channels=2, stride=2)(x).shape == (2, 200, 4)
    assert SincConv(4, 31, in_channels=2, padding="causal")(x).shape == (2, 400, 4)
    assert SincConv(4, 31, in_channels=2, padding="valid")(x).shape == (2, 370, 4)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="must be odd"):
        SincConv(4, 30, in_channels=1)
    with pytest.raises(ArgumentError, match="in_channels must divide"):
        SincConv(4, 31, in_channels=3)
