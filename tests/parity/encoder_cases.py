"""Encoders of transformers in many configurations, written as folders by it, and how far ours are from them."""

from pathlib import Path

import torch

from small_encoder import speech
from sonovox.models.wav2vec2 import load_wav2vec2

CLASSES = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}
SIZES = {
    "conv_dim": [8] * 7,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 6,
    # Large enough that every part matters.
    "initializer_range": 0.2,
}
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}
# What people publish, and each option by itself: name -> (families, options).
ALL = tuple(CLASSES)
CASES: dict[str, tuple[tuple[str, ...], dict]] = {
    "base": (ALL, {}),
    "large": (ALL, {"do_stable_layer_norm": True}),
    "lv60, XLS-R": (ALL, STABLE),
    "layer norms in the convolutions, post-norm layers": (ALL, {"feat_extract_norm": "layer"}),
    "bias in the convolutions": (ALL, {"conv_bias": True}),
    "no mask embedding": (ALL, {"mask_time_prob": 0.0}),
    "masks of channels alone": (ALL, {"mask_time_prob": 0.0, "mask_feature_prob": 0.1}),
    "relu in the feed-forward nets": (ALL, {"hidden_act": "relu"}),
    "gelu_new in the feed-forward nets": (ALL, {"hidden_act": "gelu_new"}),
    "swish in the convolutions": (ALL, {"feat_extract_activation": "swish"}),
    "odd positional kernel, one group": (ALL, {"num_conv_pos_embeddings": 7, "num_conv_pos_embedding_groups": 1}),
    "one head": (ALL, {"num_attention_heads": 1}),
    "other epsilon of layer norms": (ALL, {"layer_norm_eps": 1e-2}),
    "other convolutions": (
        ALL,
        {"conv_dim": [8, 12, 10], "conv_kernel": [12, 5, 4], "conv_stride": [6, 4, 3], "num_feat_extract_layers": 3},
    ),
    "narrow feed-forward nets, one layer": (ALL, {"intermediate_size": 5, "num_hidden_layers": 1}),
    "add_adapter": (("wav2vec2", "wavlm"), {"add_adapter": True}),
    "add_adapter, other width, one layer": (
        ("wav2vec2", "wavlm"),
        {**STABLE, "add_adapter": True, "output_hidden_size": 12, "num_adapter_layers": 1},
    ),
    "add_adapter, other kernel and stride": (
        ("wav2vec2", "wavlm"),
        {"add_adapter": True, "adapter_kernel_size": 5, "adapter_stride": 3, "num_adapter_layers": 2},
    ),
    "adapters of MMS": (("wav2vec2", "hubert"), {**STABLE, "adapter_attn_dim": 4}),
    "no norm before the projection": (("hubert",), {"feat_proj_layer_norm": False}),
    "batch norm of positions": (("hubert",), {"conv_pos_batch_norm": True}),
    "few buckets": (("wavlm",), {"num_buckets": 8, "max_bucket_distance": 12}),
    "many buckets": (("wavlm",), {"num_buckets": 64, "max_bucket_distance": 1000}),
}


def write_case(folder: Path, name: str, family: str):
    """A model of this case, written by transformers into `folder`."""
    import transformers

    torch.manual_seed(5)
    options = {**SIZES, **CASES[name][1]}
    kind = CLASSES[family]
    model = getattr(transformers, f"{kind}ForCTC")(getattr(transformers, f"{kind}Config")(**options)).eval()
    for tensor_name, tensor in [*model.named_parameters(), *model.named_buffers()]:  # biases, norms and statistics too
        if tensor.is_floating_point():
            step = 0.05 * torch.randn_like(tensor)
            tensor.data += step.abs() if "running_var" in tensor_name else step
    model.save_pretrained(folder)
    (folder / "vocab.json").write_text('{"<pad>": 0, "<unk>": 1, "|": 2, "A": 3, "B": 4, "C": 5}')
    return model


def largest_difference(folder: Path, name: str, family: str, *, padded: bool) -> float:
    """The largest |ours - theirs| over the largest |theirs|, of hidden states, output and logits.

    Where items are padded, frames behind their end are left out, which nobody has a use for.
    """
    theirs = write_case(folder, name, family)
    ours = load_wav2vec2(folder).model
    waves, lengths = speech((6000, 4100) if padded else (6000, 6000))
    given = {"attention_mask": (torch.arange(waves.shape[1]) < lengths[:, None]).long()} if padded else {}
    with torch.no_grad():
        expected = theirs(waves, output_hidden_states=True, **given)
        logits, counts = ours(waves, lengths if padded else None)
        states, frames = ours.hidden_states(waves, lengths if padded else None)
    pairs = [(logits, expected.logits, counts)]
    pairs += [(state, other, frames) for state, other in zip(states, expected.hidden_states, strict=True)]
    return max(_difference(*pair) for pair in pairs)


def _difference(found, expected, counts) -> float:
    if counts is not None:
        heard = torch.arange(found.shape[1]) < counts[:, None]
        found, expected = found[heard], expected[heard]
    if found.shape != expected.shape:
        return float("inf")
    return ((found - expected).abs().max() / expected.abs().max()).item()
