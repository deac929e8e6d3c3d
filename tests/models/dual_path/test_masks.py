import json

import numpy as np
import pytest
import torch
from torch import nn

from sonovox.models.dual_path.basis import Decoder, Encoder
from sonovox.models.dual_path.blocks import SBRNNBlock, SBTransformerBlock
from sonovox.models.dual_path.masks import Dual_Computation_Block, Dual_Path_Model


class Cumulated(nn.Module):
    """Sums up to each step: what has seen a place is seen in the result."""

    def forward(self, x):
        return x.cumsum(1)


def test_the_first_path_is_along_the_steps_and_the_second_along_the_chunks():
    block = Dual_Computation_Block(Cumulated(), Cumulated(), 4, linear_layer_after_inter_intra=False)
    block.intra_norm = block.inter_norm = nn.Identity()
    x = torch.randn(2, 4, 6, 3, dtype=torch.float64)
    within = x.cumsum(2) + x
    torch.testing.assert_close(block(x), within.cumsum(3) + within)
    block.skip_around_intra = False
    torch.testing.assert_close(block(x), x.cumsum(2).cumsum(3) + x.cumsum(2))


def test_linear_layers_fit_what_recurrent_blocks_give():
    block = Dual_Computation_Block(SBRNNBlock(6, 5, 1), SBRNNBlock(6, 4, 1, bidirectional=False), 6)
    assert block.intra_linear.w.weight.shape == (6, 10)
    assert block.inter_linear.w.weight.shape == (6, 4)
    assert block(torch.randn(2, 6, 8, 3)).shape == (2, 6, 8, 3)


@pytest.mark.parametrize("norm", ["ln", "gln", "cln", "bn"])
@pytest.mark.parametrize("positions", [False, True])
def test_a_mask_for_each_source(norm, positions):
    blocks = SBRNNBlock(6, 5, 1), SBRNNBlock(6, 5, 1)
    model = Dual_Path_Model(8, 6, *blocks, 2, norm, K=10, num_spks=3, use_global_pos_enc=positions)
    masks = model(torch.rand(2, 8, 33))
    assert masks.shape == (3, 2, 8, 33)
    assert (masks >= 0).all()
    assert (masks > 0).any()


def test_blocks_do_not_share_weights():
    model = Dual_Path_Model(8, 6, SBRNNBlock(6, 5, 1), SBRNNBlock(6, 5, 1), num_layers=2)
    first, second = model.dual_mdl
    assert first.intra_mdl.mdl.rnn.weight_ih_l0 is not second.intra_mdl.mdl.rnn.weight_ih_l0


def test_masks_and_sources_are_those_of_speechbrain(speechbrain_reference):
    folder = speechbrain_reference / "sepformer"
    transformer = {"num_layers": 2, "d_model": 32, "nhead": 4, "d_ffn": 48, "dropout": 0}
    paths = [SBTransformerBlock(**transformer, use_positional_encoding=True, norm_before=True) for _ in range(2)]
    modules = {
        "encoder": Encoder(16, 32),
        "masknet": Dual_Path_Model(32, 32, *paths, K=50, linear_layer_after_inter_intra=False),
        "decoder": Decoder(in_channels=32, out_channels=1, kernel_size=16, stride=8, bias=False),
    }
    for name, module in modules.items():
        module.eval().load_state_dict(torch.load(folder / "model" / f"{name}.ckpt", weights_only=True))
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        mix = torch.from_numpy(inputs["mix"])
        expected = {name: torch.from_numpy(outputs[name]) for name in outputs}
    with torch.no_grad():
        encoded = modules["encoder"](mix)
        mask = modules["masknet"](encoded)
        sources = modules["decoder"]((encoded * mask).flatten(0, 1)).unflatten(0, mask.shape[:2])
    results = {"encoded": encoded, "mask": mask, "est_sources": sources.permute(1, 2, 0)}
    results["est_sources"] = nn.functional.pad(results["est_sources"], (0, 0, 0, mix.shape[1] - sources.shape[-1]))
    tolerance = json.loads((folder / "case.json").read_text())["tolerances"]["float_rtol_of_max"]
    for name, result in results.items():
        assert result.shape == expected[name].shape
        assert float((result - expected[name]).abs().max() / expected[name].abs().max()) <= tolerance, name
