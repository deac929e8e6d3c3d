import pytest
import torch

from models.model_properties import check_compiles, check_exports, check_gradient
from models.torchaudio_cases import check_case, read_case
from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.models import ConvTasNet

SMALL = {"enc_num_feats": 6, "msk_num_feats": 4, "msk_num_hidden_feats": 5, "msk_num_layers": 2, "msk_num_stacks": 2}


@pytest.mark.parametrize("name", ["conv_tasnet_0", "conv_tasnet_1"])
def test_sources_are_those_of_torchaudio(torchaudio_reference, name):
    check_case(read_case(torchaudio_reference / "models" / name, ConvTasNet), ["0"])


@pytest.mark.parametrize("kernel", [9, 16])
@pytest.mark.parametrize("time", [100, 101, 103, 107])
def test_sources_are_as_long_as_their_mixture(kernel, time):
    assert ConvTasNet(3, enc_kernel_size=kernel, **SMALL)(torch.randn(2, 1, time)).shape == (2, 3, time)


def test_items_of_a_batch_are_what_they_are_alone():
    model, x = ConvTasNet(**SMALL).eval(), torch.randn(3, 1, 200)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]))


def test_wider_dilated_convolutions_keep_the_length():
    assert ConvTasNet(**SMALL, msk_kernel_size=5)(torch.randn(1, 1, 99)).shape == (1, 2, 99)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="must be odd, got 4"):
        ConvTasNet(msk_kernel_size=4)
    with pytest.raises(ChoiceError, match="did you mean sigmoid"):
        ConvTasNet(msk_activate="sigmod")
    with pytest.raises(ArgumentError, match=r"\(batch, 1, time\), got shape \(1, 2, 99\)"):
        ConvTasNet(**SMALL)(torch.zeros(1, 2, 99))


def test_gradients_compile_and_export():
    model = ConvTasNet(**SMALL).eval()
    check_gradient(model, torch.randn(1, 1, 50))
    check_compiles(model, torch.randn(2, 1, 99))
    check_exports(model, torch.randn(2, 1, 99), torch.randn(2, 1, 203), axis=2)
