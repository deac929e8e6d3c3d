import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import RelPosEncXL, TransformerEncoder, TransformerEncoderLayer
from sonovox.nn.attention_masks import get_lookahead_mask
from sonovox.nn.transformer import PositionalwiseFeedForward, build_self_attention, layers_that_stay

PADDING = torch.tensor([[False] * 7, [False] * 4 + [True] * 3])


@pytest.mark.parametrize("before", [True, False])
def test_a_layer_is_that_of_torch(before):
    ours = TransformerEncoderLayer(d_ffn=12, nhead=2, d_model=8, activation=nn.GELU, normalize_before=before)
    torchs = nn.TransformerEncoderLayer(
        8, 2, 12, activation="gelu", norm_first=before, batch_first=True, dropout=0.0, layer_norm_eps=1e-6
    )
    names = {"self_att.att": "self_attn", "pos_ffn.ffn.0": "linear1", "pos_ffn.ffn.3": "linear2", ".norm.": "."}
    state = {}
    for name, value in ours.state_dict().items():
        for theirs, torchs_name in names.items():
            name = name.replace(theirs, torchs_name)
        state[name] = value
    torchs.load_state_dict(state)
    x = torch.randn(2, 7, 8)
    mask = get_lookahead_mask(x)
    result = ours(x, mask, PADDING)
    torch.testing.assert_close(result, torchs(x, mask, PADDING))


def test_a_causal_encoder_does_not_hear_the_future():
    encoder = TransformerEncoder(2, nhead=2, d_ffn=12, d_model=8, causal=True).eval()
    x = torch.randn(1, 9, 8)
    changed = x.clone()
    changed[:, 5:] *= -1
    torch.testing.assert_close(encoder(x)[0][:, :5], encoder(changed)[0][:, :5])
    everything = torch.zeros(9, 9, dtype=torch.bool)
    assert not torch.allclose(encoder(x, everything)[0][:, :5], encoder(changed, everything)[0][:, :5])


def test_hidden_states_are_the_input_and_the_results_of_the_layers():
    encoder = TransformerEncoder(3, nhead=2, d_ffn=12, input_shape=[None, None, 8], output_hidden_states=True)
    x = torch.randn(2, 7, 8)
    result, states = encoder(x)
    assert len(states) == 4
    assert states[0] is x
    torch.testing.assert_close(encoder.layers[2](states[2]), states[3])
    torch.testing.assert_close(encoder.norm(states[3]), result)


def test_no_hidden_states_are_kept_unless_asked_for():
    assert TransformerEncoder(2, nhead=2, d_ffn=12, d_model=8)(torch.randn(1, 3, 8))[1] == []


def test_layers_are_left_out_in_training_only():
    encoder = TransformerEncoder(8, nhead=1, d_ffn=4, d_model=4, layerdrop_prob=0.5, output_hidden_states=True)
    x = torch.randn(1, 3, 4)
    counts = {len(encoder(x)[1]) - 1 for _ in range(20)}
    assert len(counts) > 1
    assert len(encoder.eval()(x)[1]) - 1 == 8
    layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    assert layers_that_stay(layers, 1.0) == []


def test_linear_layers_see_one_step():
    layer = PositionalwiseFeedForward(12, input_shape=[None, None, 8])
    x = torch.randn(2, 7, 8)
    torch.testing.assert_close(layer(x)[:, 3], layer(x[:, 3]))


@pytest.mark.parametrize("name", ["regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing"])
def test_attention_of_every_name_has_one_call(name):
    attention = build_self_attention(name, nhead=2, d_model=8, d_ffn=12, dropout=0.0)
    x = torch.randn(2, 7, 8)
    result, weights = attention(
        x, x, x, attn_mask=None, key_padding_mask=PADDING, pos_embs=RelPosEncXL(8)(x), return_attn_weights=False
    )
    assert result.shape == x.shape
    assert weights is None


def test_another_attention_is_refused_with_the_nearest():
    with pytest.raises(ChoiceError, match="did you mean RelPosMHAXL"):
        TransformerEncoderLayer(12, 2, 8, attention_type="RelPosMHA")


def test_a_size_is_needed():
    with pytest.raises(ArgumentError, match="d_model or input_shape"):
        TransformerEncoder(2, nhead=2, d_ffn=12)
