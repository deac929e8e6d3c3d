import pytest
import torch
from torch import nn

from small_encoder import KINDS, config, encoder
from sonovox.models.wav2vec2.encoder import (
    ConvolutionalPositionalEmbedding,
    Encoder,
    EncoderLayer,
    FeatureProjection,
    FeedForward,
    Transformer,
)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing_for_the_items(kind):
    transformer = encoder(kind).encoder.transformer
    x, counts = torch.randn(3, 30, 16), torch.tensor([30, 17, 1])
    out = transformer(x, counts)
    for i, count in enumerate(counts):
        torch.testing.assert_close(out[i, :count], transformer(x[i : i + 1, :count])[0])


def test_an_item_without_a_frame_is_finite_in_value_and_gradient():
    transformer = encoder("wavlm").encoder.transformer
    x = torch.randn(2, 9, 16, requires_grad=True)
    out = transformer(x, torch.tensor([9, 0]))
    out.sum().backward()
    assert out.isfinite().all()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("kind", ["base", "large"])
def test_the_hidden_states_end_in_the_output(kind):
    transformer, x = encoder(kind).encoder.transformer, torch.randn(2, 11, 16)
    states = transformer.hidden_states(x)
    assert len(states) == 3
    last = transformer.layer_norm(states[-1]) if kind == "large" else states[-1]
    torch.testing.assert_close(transformer(x), last)
    torch.testing.assert_close(transformer.hidden_states(x, num_layers=1), states[:2])


def test_layers_are_dropped_in_training_with_their_probability():
    transformer = Transformer(config(encoder_layer_drop=0.4, encoder_num_layers=6))
    for layer in transformer.layers:
        layer.forward = lambda x, mask, bias: x + 1.0
    transformer.pos_conv_embed = nn.Identity()
    transformer.dropout = nn.Identity()
    x = torch.zeros(1, 4, 16)
    torch.manual_seed(0)
    went = torch.tensor([(transformer(x)[0, 0, 0] - transformer.layer_norm(x)[0, 0, 0]).item() for _ in range(300)])
    assert abs(went.mean() - 3.6) < 0.3, "6 layers, 60 % of them kept; five standard deviations of the mean"
    transformer.eval()
    assert transformer(x)[0, 0, 0] - transformer.layer_norm(x)[0, 0, 0] == 6


def test_dropped_layers_compile_into_one_graph():
    transformer = Transformer(config(encoder_layer_drop=0.5))
    torch.compile(transformer, fullgraph=True, backend="eager")(torch.randn(1, 8, 16)).sum().backward()


def test_positions_are_a_convolution_with_a_normalised_kernel():
    embedding = ConvolutionalPositionalEmbedding(config())
    weight = embedding.conv.weight
    norm = embedding.conv.parametrizations.weight.original0
    torch.testing.assert_close(weight.norm(dim=(0, 1), keepdim=True), norm)
    assert embedding(torch.randn(2, 13, 16)).shape == (2, 13, 16)


def test_old_names_of_the_weight_norm_load():
    embedding = ConvolutionalPositionalEmbedding(config())
    state = embedding.state_dict()
    old = {
        "conv.bias": state["conv.bias"],
        "conv.weight_g": state["conv.parametrizations.weight.original0"] + 1,
        "conv.weight_v": state["conv.parametrizations.weight.original1"],
    }
    embedding.load_state_dict(old)
    torch.testing.assert_close(embedding.conv.parametrizations.weight.original0.data, old["conv.weight_g"])


def test_the_parts_have_the_sizes_of_the_configuration():
    sizes = config(projection_layer_norm=False)
    assert FeatureProjection(sizes).layer_norm is None
    assert FeedForward(sizes).intermediate_dense.out_features == 24
    assert EncoderLayer(config("wavlm"), is_first=False).attention.rel_attn_embed is None
    whole = Encoder(FeatureProjection(sizes), Transformer(sizes))
    assert whole(torch.randn(2, 5, 8), torch.tensor([5, 3])).shape == (2, 5, 16)
