"""Small encoders of all families with random weights, and Hugging Face folders of them."""

import torch

from sonovox.models.wav2vec2 import CTCVocabulary, Preprocessor, Wav2Vec2Config, build_wav2vec2, save_wav2vec2

SIZES = {
    "extractor_conv_layer_config": ((8, 10, 5), *((8, 3, 2),) * 4, *((8, 2, 2),) * 2),
    "encoder_embed_dim": 16,
    "encoder_num_layers": 2,
    "encoder_num_heads": 4,
    "encoder_ff_interm_features": 24,
    "encoder_pos_conv_kernel": 8,
    "encoder_pos_conv_groups": 4,
}
WAVLM = {"family": "wavlm", "num_buckets": 16, "max_distance": 40}
LARGE = {"extractor_mode": "layer_norm", "extractor_conv_bias": True, "encoder_layer_norm_first": True}
KINDS = {
    "base": {},
    "large": LARGE,
    "hubert": {"family": "hubert"},
    "wavlm": WAVLM,
    "wavlm-large": {**WAVLM, **LARGE},
}
VOCABULARY = CTCVocabulary(("<pad>", "<unk>", "|", "A", "B", "C"), special=frozenset({"<pad>", "<unk>"}))


def config(kind="base", **changes):
    return Wav2Vec2Config(**{**SIZES, **KINDS[kind], **changes})


def encoder(kind="base", **changes):
    """In evaluation mode, with weights large enough that every part matters."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = build_wav2vec2(config(kind, **changes)).eval()
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model


def write_folder(folder, kind="base", *, do_normalize=True, **changes):
    """A Hugging Face folder; with `aux_num_out=6` it has a CTC head and its labels."""
    sizes, model = config(kind, **changes), encoder(kind, **changes)
    labels = VOCABULARY if sizes.aux_num_out else None
    return save_wav2vec2(folder, model, sizes, Preprocessor(do_normalize=do_normalize), labels)


def speech(samples=(6000, 4100), seed=0):
    """Noise `[items, samples]` of these lengths, padded with zeros, and the lengths."""
    generator, lengths = torch.Generator().manual_seed(seed), torch.tensor(samples)
    waves = 0.3 * torch.randn(len(samples), max(samples), generator=generator) + 0.1
    return waves * (torch.arange(max(samples)) < lengths[:, None]), lengths
