"""Models of transformers in our hands: hidden states and logits of random configurations."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from small_encoder import KINDS, config, encoder, speech
from sonovox._internal.errors import WeightsError
from sonovox.models.wav2vec2 import import_fairseq_model, import_huggingface_model, to_huggingface


def test_a_model_with_names_and_configuration_of_transformers_is_imported():
    sizes, model = config(aux_num_out=6), encoder(aux_num_out=6)
    original = type("Wav2Vec2ForCTC", (), {})()
    original.config = SimpleNamespace(to_dict=sizes.to_huggingface)
    original.state_dict = lambda: to_huggingface(model.state_dict(), "wav2vec2")
    imported = import_huggingface_model(original)
    torch.testing.assert_close(imported(*speech())[0], model(*speech())[0])
    imported.aux.weight.data.zero_()
    assert model.aux.weight.any(), "weights are copied"


def fairseq_model(model):
    """Modules named and nested as in fairseq, around the weights of ours."""
    ours, transformer = model.encoder, model.encoder.transformer
    inner = nn.Module()
    inner.mask_emb = nn.Parameter(torch.zeros(16))
    inner.feature_extractor = nn.Module()
    inner.feature_extractor.conv_layers = nn.ModuleList(
        nn.Sequential(layer.conv, nn.Dropout(0), layer.layer_norm or nn.Identity(), nn.GELU())
        for layer in model.feature_extractor.conv_layers
    )
    inner.layer_norm, inner.post_extract_proj = ours.feature_projection.layer_norm, ours.feature_projection.projection
    inner.dropout_input = nn.Dropout(0.15)
    inner.encoder = nn.Module()
    inner.encoder.pos_conv = nn.Sequential(transformer.pos_conv_embed.conv, nn.GELU())
    inner.encoder.layer_norm, inner.encoder.layer_norm_first = transformer.layer_norm, False
    inner.encoder.layerdrop, inner.encoder.layers = 0.07, nn.ModuleList()
    for layer in transformer.layers:
        theirs = nn.Module()
        theirs.self_attn, theirs.self_attn_layer_norm = layer.attention, layer.layer_norm
        theirs.self_attn.dropout_module = nn.Dropout(0.2)
        theirs.dropout1, theirs.dropout2 = nn.Dropout(0.25), nn.Dropout(0.3)
        theirs.fc1, theirs.fc2 = layer.feed_forward.intermediate_dense, layer.feed_forward.output_dense
        theirs.final_layer_norm = layer.final_layer_norm
        inner.encoder.layers.append(theirs)
    outer = nn.Module()
    outer.w2v_encoder = nn.Module()
    outer.w2v_encoder.w2v_model, outer.w2v_encoder.proj = inner, model.aux
    return outer


def test_a_model_with_the_modules_of_fairseq_is_imported():
    expected, _ = encoder(aux_num_out=6)(*speech())
    imported = import_fairseq_model(fairseq_model(encoder(aux_num_out=6)))
    torch.testing.assert_close(imported(*speech())[0], expected)
    assert imported.encoder.transformer.layer_drop == 0.07
    assert imported.encoder.transformer.layers[0].dropout.p == 0.25


def test_what_is_no_encoder_is_refused():
    with pytest.raises(WeightsError, match="names that fairseq's encoders do not have"):
        import_fairseq_model(nn.Linear(2, 2))


# WavLM of transformers 5 on torch 2.13.
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning")
@pytest.mark.peers
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", ["Model", "ForCTC"])
@pytest.mark.parametrize("padded", [False, True])
def test_hidden_states_and_logits_are_those_of_transformers(kind, head, padded):
    import transformers

    sizes = config(kind, aux_num_out=6, encoder_activation="relu" if kind == "large" else "gelu")
    family = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}[sizes.family]
    torch.manual_seed(5)
    described = getattr(transformers, f"{family}Config")(**sizes.to_huggingface(), initializer_range=0.2)
    theirs = getattr(transformers, family + head)(described).eval()
    for name, parameter in theirs.named_parameters():
        if "gru_rel_pos_const" in name or "pos_conv" in name:
            parameter.data += 0.1 * torch.randn_like(parameter)
    ours, (waves, lengths) = import_huggingface_model(theirs), speech((12000, 7777))
    mask = (torch.arange(12000) < lengths[:, None]).long() if padded else None
    with torch.no_grad():
        expected = theirs(waves, attention_mask=mask, output_hidden_states=True)
        found, counts = ours(waves, lengths if padded else None)
        states, _ = ours.hidden_states(waves, lengths if padded else None)
    heard = slice(None) if counts is None else torch.arange(found.shape[1]) < counts[:, None]
    for mine, its in zip((found, *states), (expected[0], *expected.hidden_states), strict=True):
        # float32: products are summed in another order.
        torch.testing.assert_close(mine[heard], its[heard], rtol=0, atol=1e-5 * its.abs().max().item())
