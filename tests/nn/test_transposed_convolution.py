import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.nn import ConvTranspose1d


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("kernel", [5, 8])
def test_paddings_by_name_give_the_steps_they_promise(kernel, stride):
    x = torch.randn(2, 13, 3)
    arguments = {"in_channels": 3, "stride": stride}
    assert ConvTranspose1d(4, kernel, padding="factor", **arguments)(x).shape == (2, 13 * stride, 4)
    assert ConvTranspose1d(4, kernel, padding="same", **arguments)(x).shape == (2, 13, 4)
    assert ConvTranspose1d(4, kernel, padding="valid", **arguments)(x).shape == (2, 12 * stride + kernel, 4)


def test_even_cuts_are_the_padding_of_torch():
    named, number = (ConvTranspose1d(4, 6, in_channels=3, stride=2, padding=padding) for padding in ("factor", 2))
    number.load_state_dict(named.state_dict())
    x = torch.randn(2, 13, 3)
    torch.testing.assert_close(named(x), number(x))


def test_the_steps_that_a_stride_leaves_open_can_be_told():
    layer = ConvTranspose1d(1, 5, input_shape=[None, None], stride=2)
    assert layer(torch.randn(2, 9)).shape == (2, 21)
    assert layer(torch.randn(2, 9), output_size=[22]).shape == (2, 22)


def test_weight_norm_can_be_removed():
    layer = ConvTranspose1d(4, 5, in_channels=3, weight_norm=True, skip_transpose=True)
    x = torch.randn(2, 3, 9)
    before = layer(x)
    layer.remove_weight_norm()
    torch.testing.assert_close(layer(x), before)


def test_another_padding_is_refused():
    with pytest.raises(ChoiceError, match="padding"):
        ConvTranspose1d(4, 5, in_channels=3, padding="causal")
