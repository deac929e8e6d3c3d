import json

import numpy as np
import pytest
import torch

from small_encoder import KINDS, encoder, speech
from sonovox._internal.errors import ArgumentError
from sonovox.hub import load_weights
from sonovox.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2Model, build_wav2vec2
from sonovox.models.wav2vec2.factories import wav2vec2_model


@pytest.fixture(params=["wav2vec2_group_norm", "wav2vec2_layer_norm_aux", "hubert", "wavlm"])
def reference(request, torchaudio_reference):
    """A model of torchaudio with its weights, and what it made of some input."""
    folder = torchaudio_reference / "models" / request.param
    case = json.loads((folder / "config.json").read_text())
    sizes = case["args"]
    if request.param == "wavlm":
        layers = tuple(map(tuple, sizes.pop("extractor_conv_layer_config")))
        buckets = {"num_buckets": sizes.pop("encoder_num_buckets"), "max_distance": sizes.pop("encoder_max_distance")}
        config = Wav2Vec2Config(family="wavlm", extractor_conv_layer_config=layers, **buckets, **sizes)
        model = build_wav2vec2(config)
    else:
        model = wav2vec2_model(**sizes)
    model.load_state_dict(load_weights(folder / "weights.safetensors"))
    arrays = {**np.load(folder / "inputs.npz"), **np.load(folder / "outputs.npz")}
    return model.eval(), case, {name: torch.from_numpy(array) for name, array in arrays.items()}


def test_weights_and_outputs_are_those_of_torchaudio(reference):
    model, case, arrays = reference
    for call in case["calls"]:
        if "raises" in call:
            continue
        given = {name: arrays[f"{call['id']}.{name}"] for name in call["inputs"]}
        if call["id"].startswith("forward"):
            out, lengths = model(**given)
            found = {"out": out}
        else:
            layers, lengths = model.extract_features(**given, num_layers=2 if call["id"].endswith("_2") else None)
            found = {f"layer{i}": layer for i, layer in enumerate(layers)}
        assert set(found) == set(call["outputs"]) - {"lengths"}
        for name, tensor in found.items():
            expected = arrays[f"{call['id']}.out64.{name}"].float()
            # Ours in float32 against theirs in float64.
            torch.testing.assert_close(tensor, expected, rtol=0, atol=2e-6 * expected.abs().max().item())
        if lengths is not None:
            assert torch.equal(lengths, arrays[f"{call['id']}.out32.lengths"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_learns(kind):
    model = encoder(kind, aux_num_out=5, encoder_layer_drop=0.0).train()
    model(*speech())[0].square().sum().backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or (not parameter.grad.any() and not name.endswith("k_proj.bias"))
    ]
    assert not silent, "a bias on keys alone shifts all scores alike"


@pytest.mark.parametrize("kind", ["large", "wavlm"])
@pytest.mark.parametrize("over_padding", [True, False])
def test_one_graph_without_breaks(kind, over_padding):
    model, given = encoder(kind), speech()
    model.feature_extractor.norm_over_padding = over_padding
    torch.compiler.reset()  # each kind is a new program
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*given)[0], model(*given)[0])


@pytest.mark.parametrize(
    "kind", ["base", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS if kind != "base")]
)
def test_an_exported_model_takes_other_lengths(kind):
    model, (waves, lengths) = encoder(kind), speech()
    model.feature_extractor.norm_over_padding = False
    shapes = {"waveforms": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}, "lengths": {0: torch.export.Dim.AUTO}}
    exported = torch.export.export(model, (waves, lengths), dynamic_shapes=shapes).module()
    longer = speech((9000, 8111, 700), seed=1)
    torch.testing.assert_close(exported(*longer)[0], model(*longer)[0])


def test_bfloat16_is_near_float32():
    model, (waves, lengths) = encoder("wavlm-large"), speech()
    expected, _ = model(waves, lengths)
    found, counts = model.bfloat16()(waves.bfloat16(), lengths)
    assert found.dtype == torch.bfloat16
    assert torch.equal(counts, model.feature_extractor.frames(lengths))
    assert (found.float() - expected).abs().mean() < 0.05 * expected.abs().mean()


def test_2_87_seconds_are_143_frames():
    assert encoder()(torch.zeros(1, round(2.87 * 16000)))[0].shape == (1, 143, 16)


def test_hidden_states_are_the_input_of_the_first_layer_and_the_outputs_of_all():
    model, given = encoder("large"), speech()
    states, counts = model.hidden_states(*given)
    layers, same = model.extract_features(*given)
    assert len(states) == 3
    assert torch.equal(counts, same)
    torch.testing.assert_close(states[1:], layers)


def test_masks_are_laid_in_training():
    model, given = encoder(mask_time_prob=0.5, mask_time_length=2, encoder_layer_drop=0.0), speech()
    assert torch.equal(model(*given)[0], model(*given)[0])
    assert isinstance(model, Wav2Vec2Model)
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    for layer in model.encoder.transformer.layers:
        layer.attention.dropout = 0.0
    assert not torch.equal(model(*given)[0], model(*given)[0])
    model.masking.enabled = False
    assert torch.equal(model(*given)[0], model(*given)[0])


def test_num_layers_must_be_among_the_layers():
    with pytest.raises(ArgumentError, match="from 1 to 2, got 3"):
        encoder().extract_features(torch.zeros(1, 800), num_layers=3)


def test_the_head_drops_out_in_training_only():
    model = encoder(aux_num_out=6, aux_dropout=0.5)
    states, _ = model.encode(*speech())
    torch.testing.assert_close(model.label(states), model(*speech())[0])
    torch.testing.assert_close(model.label(states), model.aux(states))
    model.train()
    assert not torch.equal(model.label(states), model.aux(states))
