import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn import (
    BranchformerEncoder,
    BranchformerEncoderLayer,
    ConvolutionalSpatialGatingUnit,
    ConvolutionBranch,
)


def test_a_fresh_gate_lets_one_half_through():
    """Weights near zero and biases of one, so that training starts from the identity (Liu et al., gMLP, 2021)."""
    unit = ConvolutionalSpatialGatingUnit(8, 5, use_linear_after_conv=True)
    x = torch.randn(2, 20, 8)
    torch.testing.assert_close(unit(x), x[..., :4], atol=1e-4, rtol=0)


def test_the_second_half_gates_the_first():
    unit = ConvolutionalSpatialGatingUnit(8, 5, activation=nn.Sigmoid)
    nn.init.normal_(unit.conv.conv.weight)
    x = torch.randn(2, 20, 8)
    gate = torch.sigmoid(unit.conv(unit.norm(x[..., 4:])))
    torch.testing.assert_close(unit(x), x[..., :4] * gate)


def test_a_layer_joins_both_branches():
    layer = BranchformerEncoderLayer(8, 2, 5, attention_type="regularMHA", csgu_linear_units=6)
    x = torch.randn(2, 20, 8)
    heard = layer.norm_mhsa(x)
    branches = layer.mha_layer(heard, heard, heard)[0], layer.convolution_branch(layer.norm_conv(x))
    torch.testing.assert_close(layer(x), x + layer.merge_proj(torch.cat(branches, dim=-1)))


def test_hypermixing_has_four_hidden_units_a_feature():
    layer = BranchformerEncoderLayer(8, 2, 5, attention_type="hypermixing", csgu_linear_units=6)
    assert layer.mha_layer.hyper.w1_gen.fc2_weights.shape == (2, 16, 4)


def test_a_branch_has_its_own_width():
    branch = ConvolutionBranch(8, linear_units=6, kernel_size=5)
    assert branch.post_channel_proj.in_features == 3
    assert branch(torch.randn(2, 20, 8)).shape == (2, 20, 8)


def test_hidden_states_are_the_input_and_the_results_of_the_layers():
    encoder = BranchformerEncoder(
        2, 8, 2, 5, attention_type="regularMHA", csgu_linear_units=6, output_hidden_states=True
    )
    result, states = encoder(torch.randn(2, 20, 8))
    assert len(states) == 3
    torch.testing.assert_close(encoder.norm(states[-1]), result)


def test_half_of_the_features_gate_the_rest():
    with pytest.raises(ArgumentError, match="input_size must be even, got 7"):
        ConvolutionalSpatialGatingUnit(7)
