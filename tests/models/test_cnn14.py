import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.models.cnn14 import Cnn14, ConvBlock


@pytest.mark.parametrize("norm_type", ["bn", "in", "ln"])
def test_items_do_not_hear_each_other(norm_type):
    model, x = Cnn14(32, 6, norm_type).eval(), torch.randn(2, 40, 32)
    torch.testing.assert_close(model(x)[1:], model(x[1:]), rtol=1e-4, atol=1e-5)


def test_a_channel_of_its_own_is_the_same():
    model, x = Cnn14(32, 6).eval(), torch.randn(1, 40, 32)
    assert torch.equal(model(x), model(x.unsqueeze(1)))


@pytest.mark.parametrize(("l2i", "channels"), [(False, [6, 1024, 512, 256]), (True, [6, 1024, 512])])
def test_blocks_are_given_the_last_one_first(l2i, channels):
    embedding, found = Cnn14(32, 6, return_reps=True, l2i=l2i).eval()(torch.randn(1, 40, 32))
    assert embedding.shape == (1, 1, 6)
    assert [x.shape[1] for x in found] == channels


def test_a_pool_of_both_kinds_is_their_sum():
    block, x = ConvBlock(1, 3, "bn").eval(), torch.randn(1, 1, 8, 8)
    torch.testing.assert_close(block(x, pool_type="avg+max"), block(x, pool_type="avg") + block(x, pool_type="max"))


def test_unknown_names_are_told():
    with pytest.raises(ChoiceError, match="norm_type"):
        Cnn14(32, 6, "gn")
    with pytest.raises(ChoiceError, match="pool_type"):
        ConvBlock(1, 2, "bn")(torch.zeros(1, 1, 8, 8), pool_type="min")
