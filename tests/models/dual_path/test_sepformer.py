import pytest
import torch

from sonovox.models.dual_path.sepformer import SepformerWrapper

SMALL = {
    "encoder_out_nchannels": 16,
    "masknet_chunksize": 20,
    "masknet_numspks": 3,
    "intra_numlayers": 1,
    "inter_numlayers": 1,
    "intra_nhead": 2,
    "inter_nhead": 2,
    "intra_dffn": 8,
    "inter_dffn": 8,
}


@pytest.mark.parametrize("time", [160, 163, 1600])
def test_sources_are_as_long_as_the_mixture(time):
    model = SepformerWrapper(**SMALL).eval()
    sources = model(torch.randn(2, time))
    assert sources.shape == (2, time, 3)
    assert (sources[:, time - time % 8 :] == 0).all()  # no whole window


def test_mixtures_of_several_channels():
    model = SepformerWrapper(**SMALL, encoder_in_nchannels=2).eval()
    assert model(torch.randn(4, 2, 400)).shape == (4, 2, 400, 3)


def test_copied_blocks_begin_with_weights_of_their_own():
    first, second = (block.intra_mdl.mdl.layers[0] for block in SepformerWrapper(**SMALL).masknet.dual_mdl)
    for one, other in (
        (first.self_att.att.in_proj_weight, second.self_att.att.in_proj_weight),
        (first.pos_ffn.ffn[0].weight, second.pos_ffn.ffn[0].weight),
    ):
        assert not torch.equal(one, other)


def test_every_weight_learns():
    model = SepformerWrapper(**SMALL)
    model(torch.randn(2, 400)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


def test_the_sizes_unless_given_are_those_of_the_paper():
    model = SepformerWrapper(intra_numlayers=1, inter_numlayers=1)
    layer = model.masknet.dual_mdl[1].inter_mdl.mdl.layers[0]
    assert layer.self_att.att.num_heads == 8
    assert layer.pos_ffn.ffn[0].weight.shape == (1024, 256)
    assert model.masknet.K == 250
