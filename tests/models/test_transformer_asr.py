import math

import numpy as np
import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.models import ConvolutionFrontEnd, TransformerASR, TransformerLM
from sonovox.nn import DynChunkTrainConfig, Fbank, InputNormalization, LengthsCapableSequential, Linear

SMALL = {"d_model": 16, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 1, "d_ffn": 20, "kernel_size": 5}
SMALL |= {"csgu_linear_units": 12, "normalize_before": True, "causal": False}
TOKENS = torch.tensor([[1, 4, 7, 2], [1, 5, 0, 0]])
LENGTHS = torch.tensor([1.0, 0.6])
ENCODERS = ["transformer", "conformer", "branchformer"]


def _model(**arguments):
    torch.manual_seed(0)
    return TransformerASR(9, 8, **{**SMALL, **arguments}).eval()


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing"])
def test_training_and_search_give_the_same_states(encoder, attention):
    model = _model(encoder_module=encoder, attention_type=attention)
    x = torch.randn(2, 20, 8)
    encoded, decoded = model(x, TOKENS, LENGTHS)
    torch.testing.assert_close(encoded, model.encode(x, LENGTHS))
    searched, weights = model.decode(TOKENS, encoded, torch.tensor([20, 12]))
    # Padding of tokens is after them, where no token looks.
    torch.testing.assert_close(searched[0], decoded[0])
    torch.testing.assert_close(searched[1, :2], decoded[1, :2])
    assert weights.shape == (2, 4, 20)
    assert weights[1, :, 12:].eq(0).all()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_decoding_token_by_token_is_decoding_at_once(encoder):
    model = _model(encoder_module=encoder)
    heard = torch.randn(2, 20, 16)
    at_once, weights = model.decode(TOKENS, heard)
    for steps in range(1, 5):
        so_far, so_far_weights = model.decode(TOKENS[:, :steps], heard)
        torch.testing.assert_close(so_far[:, -1], at_once[:, steps - 1])
        torch.testing.assert_close(so_far_weights[:, -1], weights[:, steps - 1])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "hypermixing"])
def test_a_batch_gives_what_its_items_give_alone_if_padding_is_ignored(encoder, attention):
    model = _model(encoder_module=encoder, attention_type=attention, ignore_padding=True)
    x = torch.randn(2, 20, 8)
    x[1, 12:] = 1e3
    encoded, decoded = model(x, TOKENS, LENGTHS)
    alone, said_alone = model(x[1:, :12], TOKENS[1:, :2])
    torch.testing.assert_close(encoded[1:, :12], alone, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(decoded[1:, :2], said_alone, atol=1e-5, rtol=1e-5)


def test_by_default_convolutions_hear_the_padding_as_those_of_speechbrain_do():
    model = _model(encoder_module="conformer", num_encoder_layers=1)
    x = torch.randn(2, 20, 8)
    changed = x.clone()
    changed[1, 12:] *= -1
    before, after = model.encode(x, LENGTHS)[1], model.encode(changed, LENGTHS)[1]
    # A kernel of five frames sees two behind the end.
    torch.testing.assert_close(before[:10], after[:10])
    assert not torch.allclose(before[11], after[11])


@pytest.mark.parametrize("encoder", ["transformer", "conformer"])
@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "RoPEMHA"])
def test_a_causal_encoder_does_not_hear_the_future_and_is_the_default(encoder, attention):
    model = _model(encoder_module=encoder, attention_type=attention, causal=None)
    assert model.causal
    x = torch.randn(1, 20, 8)
    changed = x.clone()
    changed[:, 14:] *= -1
    torch.testing.assert_close(model.encode(x)[:, :14], model.encode(changed)[:, :14])


@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "RoPEMHA"])
@pytest.mark.parametrize("left", [0, 1, None])
def test_chunk_by_chunk_is_the_whole_with_chunks(attention, left):
    model = _model(encoder_module="conformer", attention_type=attention, output_hidden_states=True)
    x, chunks = torch.randn(2, 18, 8), DynChunkTrainConfig(4, left)
    whole, whole_states = model.encode(x, dynchunktrain_config=chunks)
    context = model.make_streaming_context(chunks)
    parts = [model.encode_streaming(chunk, context) for chunk in x.split(4, dim=1)]
    torch.testing.assert_close(torch.cat([part for part, _ in parts], dim=1), whole, atol=1e-5, rtol=1e-5)
    first_layer = torch.cat([states[1] for _, states in parts], dim=1)
    torch.testing.assert_close(first_layer, whole_states[1], atol=1e-5, rtol=1e-5)
    assert context.frames == 18


@pytest.mark.parametrize(
    "arguments", [{"encoder_module": "transformer"}, {"encoder_module": "conformer", "causal": True}]
)
def test_only_a_conformer_that_is_not_causal_has_chunks(arguments):
    model = _model(**arguments)
    with pytest.raises(ArgumentError, match="chunks need a Conformer that is not causal"):
        model.encode(torch.randn(1, 20, 8), dynchunktrain_config=DynChunkTrainConfig(4))
    with pytest.raises(ArgumentError, match="chunks need a Conformer"):
        model.make_streaming_context(DynChunkTrainConfig(4))


def test_masks_hide_padding_and_the_future():
    heard_padding, said_padding, frames, tokens = _model(causal=True).make_masks(torch.zeros(2, 5, 8), TOKENS, LENGTHS)
    assert heard_padding.tolist() == [[False] * 5, [False] * 3 + [True] * 2]
    assert said_padding.tolist() == [[False] * 4, [False] * 2 + [True] * 2]
    assert frames.equal(torch.ones(5, 5).triu(1).bool())
    assert tokens.equal(torch.ones(4, 4).triu(1).bool())
    assert _model().make_masks(torch.zeros(2, 5, 8)) == (None, None, None, None)


def test_no_input_is_too_long():
    model = _model(max_length=10)
    assert model.encode(torch.randn(1, 3000, 8)).isfinite().all()


def test_images_are_taken_with_their_channels_joined():
    model = _model()
    x = torch.randn(2, 20, 4, 2)
    torch.testing.assert_close(model.encode(x), model.encode(x.flatten(2)))


def test_hidden_states_stand_between_both_results():
    model = _model(output_hidden_states=True)
    encoded, states, decoded = model(torch.randn(2, 20, 8), TOKENS)
    assert len(states) == 3
    torch.testing.assert_close(model.encoder.norm(states[-1]), encoded)
    assert decoded.shape == (2, 4, 16)


def test_places_may_be_left_out():
    model = _model(positional_encoding=None)
    x = torch.randn(1, 20, 8)
    turned = torch.flip(model.encode(torch.flip(x, [1])), [1])
    torch.testing.assert_close(turned, model.encode(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_weight_learns(encoder):
    model = _model(encoder_module=encoder, attention_type="RelPosMHAXL").train()
    encoded, decoded = model(torch.randn(2, 20, 8), TOKENS, LENGTHS)
    (encoded.square().sum() + decoded.square().sum()).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_a_target_of_nothing_but_padding_gives_no_nan():
    model = _model()
    encoded, decoded = model(torch.randn(2, 20, 8), torch.zeros(2, 3, dtype=torch.int64))
    assert decoded.isfinite().all()
    assert encoded.isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"encoder_module": "comformer"}, ChoiceError, "did you mean conformer"),
        ({"encoder_module": "conformer", "normalize_before": False}, ArgumentError, "normalize_before must be True"),
        ({"num_encoder_layers": 0}, ArgumentError, "num_encoder_layers must be at least 1"),
        ({"positional_encoding": "fixed"}, ChoiceError, "fixed_abs_sine"),
        ({"nhead": 5}, ArgumentError, "must divide the 16 features"),
    ],
)
def test_what_cannot_be_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        _model(**arguments)


def test_an_encoder_alone_does_not_decode():
    model = _model(num_decoder_layers=0)
    with pytest.raises(ArgumentError, match="there is no decoder"):
        model.decode(TOKENS, torch.randn(2, 20, 16))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_training_and_search_compile_in_one_graph(encoder):
    model = _model(encoder_module=encoder, attention_type="RelPosMHAXL")
    x = torch.randn(2, 20, 8)
    torch.compiler.reset()
    with torch.no_grad():
        results = torch.compile(model, fullgraph=True, backend="eager")(x, TOKENS, LENGTHS)
        torch.testing.assert_close(results, model(x, TOKENS, LENGTHS))
        searched = torch.compile(model.decode, fullgraph=True, backend="eager")(TOKENS, results[0])
        torch.testing.assert_close(searched, model.decode(TOKENS, results[0]))


def test_chunks_compile_in_one_graph():
    model = _model(encoder_module="conformer", attention_type="RelPosMHAXL")
    x, chunks = torch.randn(2, 18, 8), DynChunkTrainConfig(4, 1)
    torch.compiler.reset()
    compiled = torch.compile(model.encode, fullgraph=True, backend="eager")
    with torch.no_grad():
        result = compiled(x, dynchunktrain_config=chunks)
        torch.testing.assert_close(result, model.encode(x, dynchunktrain_config=chunks))


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Support for mismatched")  # theirs, of masks
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("attention", ["regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing"])
@pytest.mark.parametrize("causal", [True, False])
def test_other_arguments_give_the_numbers_of_speechbrain_too(encoder, attention, causal):
    if (attention, causal) == ("hypermixing", True):
        pytest.skip("SpeechBrain's hypermixing hears the future; ours refuses")
    if (encoder, attention) == ("branchformer", "RoPEMHA"):
        pytest.skip("SpeechBrain has no such attention")
    peer = pytest.importorskip("speechbrain.lobes.models.transformer.TransformerASR")
    arguments = {
        "d_model": 24, "nhead": 3, "num_encoder_layers": 2, "num_decoder_layers": 2, "d_ffn": 21, "kernel_size": 5,
        "csgu_linear_units": 18, "encoder_module": encoder, "attention_type": attention, "normalize_before": True,
        "causal": causal, "output_hidden_states": True, "bias": False, "use_linear_after_conv": True,
        "gate_activation": nn.Sigmoid,
    }  # fmt: skip
    theirs, ours = peer.TransformerASR(9, 8, **arguments).eval(), TransformerASR(9, 8, **arguments).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 19, 8)
    # Two layers in float32
    torch.testing.assert_close(ours(x, TOKENS, LENGTHS), theirs(x, TOKENS, LENGTHS), atol=1e-5, rtol=1e-5)
    heard, counts = torch.randn(2, 19, 24), torch.tensor([19, 11])
    torch.testing.assert_close(
        ours.decode(TOKENS, heard, counts), theirs.decode(TOKENS, heard, counts), atol=1e-5, rtol=1e-5
    )


FRONT_ENDS = {
    "asr-conformer": {"num_blocks": 2, "out_channels": (8, 6), "kernel_sizes": (3, 3), "strides": (2, 2)},
    "asr-transformer-lm": {
        "out_channels": (8, 8, 8),
        "kernel_sizes": (5, 5, 1),
        "strides": (2, 2, 1),
        "residuals": (False, False, True),
    },
}
MODELS = {
    "asr-conformer": {"encoder_module": "conformer", "attention_type": "RelPosMHAXL", "num_decoder_layers": 1},
    "asr-transformer-lm": {"num_decoder_layers": 2},
}


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_the_recogniser_of_a_hub_folder_gives_the_numbers_of_speechbrain(speechbrain_reference, name):
    folder = speechbrain_reference / name
    front_end = ConvolutionFrontEnd(
        (8, 10, 40), num_layers_per_block=1, **{"residuals": [False] * 3, **FRONT_ENDS[name]}
    )
    size = math.prod(front_end.get_output_shape()[2:])
    model = TransformerASR(
        64, size, d_model=32, nhead=4, num_encoder_layers=2, d_ffn=64, activation=nn.GELU, normalize_before=True,
        causal=False, **MODELS[name],
    )  # fmt: skip
    linear = Linear(64, input_size=32), Linear(64, input_size=32)
    recogniser = nn.ModuleList([front_end, model, *linear]).eval()
    recogniser.load_state_dict(torch.load(folder / "model" / "asr.ckpt", weights_only=True))
    language_model = TransformerLM(
        64, d_model=24, nhead=2, num_encoder_layers=2, d_ffn=48, dropout=0.0, activation=nn.GELU
    ).eval()
    language_model.load_state_dict(torch.load(folder / "model" / "lm.ckpt", weights_only=True))
    normaliser = InputNormalization().eval()
    normaliser.load_state_dict(torch.load(folder / "model" / "normalizer.ckpt", weights_only=True))
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        given = {key: torch.from_numpy(inputs[key]) for key in inputs}
        expected = {key: torch.from_numpy(outputs[key]) for key in outputs}
    with torch.no_grad():
        heard = LengthsCapableSequential(Fbank(), normaliser, front_end)(given["wavs"], given["wav_lens"])
        encoded, decoded = model(heard, given["tokens_bos"], given["wav_lens"], pad_idx=0)
        results = {
            "cnn_out": heard,
            "encoder_out": model.encode(heard, given["wav_lens"]),
            "encoder_out_nolens": model.encode(heard),
            "encoder_out_forward": encoded,
            "decoder_out": decoded,
            "decoder_logits": linear[0](decoded),
            "ctc_logits": linear[1](model.encode(heard, given["wav_lens"])),
            "lm_logits": language_model(given["tokens_bos"]),
        }
    for key, result in results.items():
        # Fbank in float32 is equal to 1e-6 of the largest value; two layers make it more.
        assert (result - expected[key]).abs().max() <= 1e-5 * expected[key].abs().max(), key
