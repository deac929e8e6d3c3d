import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import ConformerEncoder, ConformerEncoderLayer, DynChunkTrainConfig, RelPosEncXL
from sonovox.nn.conformer import ConformerEncoderLayerStreamingContext, ConformerEncoderStreamingContext

SIZE = 8


def _encoder(**arguments):
    return ConformerEncoder(2, SIZE, 12, 2, 7, **arguments).eval()


def _distances(encoder, x, before=0):
    return RelPosEncXL(SIZE)(x, before) if encoder.layers[0].attention_type == "RelPosMHAXL" else None


def test_a_layer_is_made_of_its_parts_as_published():
    layer = ConformerEncoderLayer(SIZE, 12, 2, 7, attention_type="regularMHA")
    x = torch.randn(2, 9, SIZE)
    half = x + 0.5 * layer.ffn_module1(x)
    normalised = layer.norm1(half)
    heard = half + layer.mha_layer(normalised, normalised, normalised)[0]
    convolved = heard + layer.convolution_module(heard)
    torch.testing.assert_close(layer(x), layer.norm2(convolved + 0.5 * layer.ffn_module2(convolved)))


@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "RoPEMHA"])
@pytest.mark.parametrize("left", [0, 2, None])
@pytest.mark.parametrize("frames", [20, 22])
def test_chunk_by_chunk_is_the_whole_with_chunks(attention, left, frames):
    encoder = _encoder(attention_type=attention)
    chunks = DynChunkTrainConfig(4, left)
    x = torch.randn(2, frames, SIZE)
    whole, _ = encoder(x, pos_embs=_distances(encoder, x), dynchunktrain_config=chunks)
    context = encoder.make_streaming_context(chunks)
    parts = []
    for chunk in x.split(4, dim=1):
        parts.append(encoder.forward_streaming(chunk, context, _distances(encoder, chunk, context.left_frames))[0])
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_what_is_remembered_is_bounded():
    encoder = _encoder(attention_type="RoPEMHA")
    context = encoder.make_streaming_context(DynChunkTrainConfig(4, 2))
    assert context == ConformerEncoderStreamingContext(
        DynChunkTrainConfig(4, 2), [ConformerEncoderLayerStreamingContext(mha_left_context_size=8)] * 2
    )
    for _ in range(10):
        encoder.forward_streaming(torch.randn(1, 4, SIZE), context)
    assert context.left_frames == 8
    assert {layer.dcconv_left_context.shape[1] for layer in context.layers} == {3}


def test_a_causal_encoder_does_not_hear_the_future():
    encoder = _encoder(causal=True, attention_type="regularMHA")
    x = torch.randn(1, 12, SIZE)
    changed = x.clone()
    changed[:, 7:] *= -1
    torch.testing.assert_close(encoder(x)[0][:, :7], encoder(changed)[0][:, :7])


def test_hidden_states_are_the_input_and_the_results_of_the_layers():
    encoder = _encoder(attention_type="regularMHA", output_hidden_states=True)
    x = torch.randn(1, 8, SIZE)
    result, states = encoder(x)
    assert len(states) == 3
    torch.testing.assert_close(encoder.norm(states[-1]), result)
    context = encoder.make_streaming_context(DynChunkTrainConfig(8))
    torch.testing.assert_close(encoder.forward_streaming(x, context)[1][1], states[1])


@pytest.mark.parametrize("arguments", [{"causal": True}, {"attention_type": "hypermixing"}])
def test_what_has_no_chunks_is_refused(arguments):
    with pytest.raises(ArgumentError):
        _encoder(**arguments).make_streaming_context(DynChunkTrainConfig(4))
