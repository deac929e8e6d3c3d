import pytest
import torch

from sonovox._internal.errors import WeightsError
from sonovox.models.whisper.convert import HUGGING_FACE, OPENAI, from_huggingface, from_openai, to_huggingface


def as_openai(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Hugging Face's names to OpenAI's by text, so that the two tables check each other."""
    renames = [
        ("model.", ""), ("embed_tokens", "token_embedding"), ("embed_positions.weight", "positional_embedding"),
        ("layers.", "blocks."), ("self_attn_layer_norm", "attn_ln"), ("encoder_attn_layer_norm", "cross_attn_ln"),
        ("final_layer_norm", "mlp_ln"), ("encoder.layer_norm", "encoder.ln_post"), ("decoder.layer_norm", "decoder.ln"),
        ("self_attn", "attn"), ("encoder_attn", "cross_attn"), ("fc1", "mlp.0"), ("fc2", "mlp.2"),
        ("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out"),
    ]  # fmt: skip
    result = {}
    for name, tensor in weights.items():
        for theirs, openai in renames:
            name = name.replace(theirs, openai)
        result[name] = tensor
    result.pop("proj_out.weight")
    return result


def test_there_and_back_is_the_same(small_whisper):
    ours = small_whisper.state_dict()
    back = from_huggingface(to_huggingface(ours))
    assert back.keys() == ours.keys()
    assert all(torch.equal(back[name], ours[name]) for name in ours)


def test_openai_and_hugging_face_agree(small_whisper):
    ours = small_whisper.state_dict()
    back = from_openai(as_openai(to_huggingface(ours)))
    assert back.keys() == ours.keys()
    assert all(torch.equal(back[name], ours[name]) for name in ours)


def test_tables_have_the_same_left_side():
    assert OPENAI.keys() == HUGGING_FACE.keys()


def test_keys_get_no_bias_and_the_output_layer_is_the_embedding(small_whisper):
    theirs = to_huggingface(small_whisper.state_dict())
    assert not [name for name in theirs if name.endswith("k_proj.bias")]
    assert theirs["proj_out.weight"] is theirs["model.decoder.embed_tokens.weight"]


def test_reads_the_bare_model_without_its_head(small_whisper):
    theirs = to_huggingface(small_whisper.state_dict())
    bare = {name.removeprefix("model."): tensor for name, tensor in theirs.items() if name != "proj_out.weight"}
    assert from_huggingface(bare).keys() == small_whisper.state_dict().keys()


def test_names_what_is_unknown():
    with pytest.raises(WeightsError, match=r"2 of 2 weights have names .*: lm_head.weight, wav2vec2.masked"):
        from_openai({"wav2vec2.masked": torch.zeros(1), "lm_head.weight": torch.zeros(1)})


def test_names_what_is_missing_of_a_fused_product(small_whisper):
    theirs = to_huggingface(small_whisper.state_dict())
    del theirs["model.encoder.layers.1.self_attn.v_proj.weight"]
    with pytest.raises(WeightsError, match=r"encoder.layers.1.attention.qkv.weight needs 3 tensors .* got 2"):
        from_huggingface(theirs)
