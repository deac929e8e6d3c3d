import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.models.dual_path.blocks import SBRNNBlock, SBTransformerBlock
from sonovox.nn import GRU


def test_with_positions_the_order_of_steps_counts():
    x = torch.randn(1, 5, 8)
    for positions, differs in ((False, False), (True, True)):
        block = SBTransformerBlock(1, 8, 2, d_ffn=4, use_positional_encoding=positions, norm_before=True).eval()
        there_and_back = block(x.flip(1)).flip(1)
        assert (not torch.allclose(block(x), there_and_back, atol=1e-5)) is differs


def test_the_shape_of_the_input_may_be_given():
    block = SBTransformerBlock(1, None, 2, d_ffn=4, input_shape=[None, None, 8], activation="gelu")
    assert block(torch.randn(1, 5, 8)).shape == (1, 5, 8)


def test_unknown_names_are_told():
    with pytest.raises(ChoiceError, match="relu"):
        SBTransformerBlock(1, 8, 2, activation="rleu")
    with pytest.raises(ChoiceError, match="attention_type"):
        SBTransformerBlock(1, 8, 2, attention_type="RelPosMHAXL")
    with pytest.raises(ChoiceError, match="LSTM"):
        SBRNNBlock(8, 4, 1, rnn_type="LTSM")


@pytest.mark.parametrize(("both", "size"), [(True, 10), (False, 5)])
def test_recurrent_blocks(both, size):
    block = SBRNNBlock(8, 5, 2, rnn_type="GRU", bidirectional=both)
    assert isinstance(block.mdl, GRU)
    assert block.output_size == block(torch.randn(2, 7, 8)).shape[2] == size
