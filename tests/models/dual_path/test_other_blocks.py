import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.models.dual_path import (
    DPTNetBlock,
    Dual_Path_Model,
    IdentityBlock,
    PytorchTransformerBlock,
    SBConformerEncoderBlock,
)

BLOCKS = [
    lambda: DPTNetBlock(8, 2),
    lambda: PytorchTransformerBlock(8, num_layers=1, nhead=2, d_ffn=12),
    lambda: SBConformerEncoderBlock(1, 8, 2, d_ffn=12, kernel_size=3),
    lambda: SBConformerEncoderBlock(1, 8, 2, d_ffn=12, kernel_size=3, attention_type="regularMHA"),
    IdentityBlock,
]


@pytest.mark.parametrize("build", BLOCKS)
def test_each_stands_on_both_paths(build):
    model = Dual_Path_Model(6, 8, build(), build(), K=10, num_spks=2).eval()
    assert model(torch.rand(2, 6, 37)).shape == (2, 2, 6, 37)


@pytest.mark.parametrize("build", BLOCKS[2:])
def test_items_do_not_hear_each_other(build):
    block, x = build().eval(), torch.randn(3, 9, 8)
    torch.testing.assert_close(block(x)[1:2], block(x[1:2]))


@pytest.mark.parametrize("build", BLOCKS[:2])
def test_some_look_across_the_batch_as_their_weights_were_trained(build):
    block, x = build().eval(), torch.randn(3, 9, 8)
    torch.testing.assert_close(block(x)[:, 1:2], block(x[:, 1:2]))
    assert not torch.allclose(block(x)[1:2], block(x[1:2]))


@pytest.mark.parametrize("build", [DPTNetBlock, SBConformerEncoderBlock, PytorchTransformerBlock])
def test_unknown_activations_are_told(build):
    arguments = {"num_layers": 1, "d_model": 8, "nhead": 2, "activation": "selu"}
    if build is DPTNetBlock:
        del arguments["num_layers"]
    if build is PytorchTransformerBlock:
        arguments["out_channels"] = arguments.pop("d_model")
    with pytest.raises(ChoiceError, match="activation"):
        build(**arguments)
