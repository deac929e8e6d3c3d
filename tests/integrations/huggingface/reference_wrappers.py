"""SpeechBrain's wrappers around Hugging Face models: every array that it computed, and how far ours are from it."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from inference.reference_folders import Arrays, arrays, difference
from sonovox.integrations.huggingface import HuBERT, Wav2Vec2, Wav2Vec2Pretrain, WavLM, WeightedSSLModel, Whisper

_LOSSES = (
    "loss",
    "contrastive_loss",
    "diversity_loss",
    "codevector_perplexity",
    "projected_states",
    "projected_quantized_states",
)


def of_encoder(kind: type, model: Path, given: Arrays) -> Arrays:
    """Hidden states with each of the options, and their weighted means."""
    found, wavs, lengths = {}, given["wavs"], given["wav_lens"]
    for options in ("plain", "norm", "hiddens", "hiddens_norm"):
        chosen = {"output_norm": "norm" in options, "output_all_hiddens": "hiddens" in options}
        block = kind(model, "unused", freeze=True, as_speechbrain=True, **chosen)
        found[f"{options}_lens"] = block(wavs, lengths)
        if options != "hiddens_norm":
            found[f"{options}_nolens"] = block(wavs)
    block = kind(model, "unused", freeze=True, as_speechbrain=True)
    found["single"] = block(wavs[1:, : given["num_samples"][1]])
    for layernorm in (True, False):
        weighted = WeightedSSLModel(model, "", layernorm, freeze=True, as_speechbrain=True)
        weighted.weights.data = given["layer_weights"]
        found[f"weighted_layernorm_{layernorm}"] = weighted(wavs, lengths)
    return found


def of_pretraining(kind: type, model: Path, given: Arrays) -> Arrays:
    """The losses with SpeechBrain's masks and distractors, and what they are made of."""
    block = kind(model, "unused", mask_prob=0.4, mask_length=4, pretrained=True, as_speechbrain=True).eval()
    mask = given["mask_time_indices"].bool()
    negatives = given["sampled_negative_indices"].long() - mask.shape[1] * torch.arange(2).view(2, 1, 1)
    found = {}
    for case, lengths in (("lens", given["wav_lens"]), ("nolens", None)):
        output, _ = block(given["wavs"], lengths, mask, negatives)
        found |= {f"{name}_{case}": getattr(output, name) for name in _LOSSES}
    return found


def of_whisper(kind: type, model: Path, given: Arrays) -> Arrays:
    """Features, encoder and decoder."""
    block = kind(model, "unused", freeze=True, as_speechbrain=True)
    wavs, tokens = given["wavs"], given["decoder_input_ids"]
    mel = block.log_mel_spectrogram(block.pad_or_trim(wavs))
    states, logits, _ = block(wavs, tokens)
    found = {"mel_first_400": mel[..., :400], "encoder_out_every_3": states[:, ::3], "decoder_logits": logits}
    found["mel_min_max"] = torch.stack((mel.amin((1, 2)), mel.amax((1, 2))))
    found["decoder_logits_first_alone"] = block(wavs[:1], tokens[:1])[1]
    block.encoder_only = block.output_all_hiddens = True
    return {**found, "hiddens_every_20": block(wavs)[:, :, ::20]}


CASES: dict[str, tuple[type, Callable[[type, Path, Arrays], Arrays]]] = {
    "hubert": (HuBERT, of_encoder),
    "wav2vec2": (Wav2Vec2, of_encoder),
    "wav2vec2-ln": (Wav2Vec2, of_encoder),
    "wav2vec2-pretrain": (Wav2Vec2Pretrain, of_pretraining),
    "wavlm": (WavLM, of_encoder),
    "whisper": (Whisper, of_whisper),
}


def wrapper_differences(folder: Path) -> tuple[dict[str, float], float]:
    """Of each array of a case, the largest |difference| over the largest |value|, and what the case allows."""
    kind, compute = CASES[folder.name]
    given, expected = arrays(folder / "inputs.npz"), arrays(folder / "outputs.npz")
    with torch.no_grad():
        found = compute(kind, folder / "model", given)
    tolerance = json.loads((folder / "case.json").read_text())["tolerances"]["float_rtol_of_max"]
    return {name: difference(values, expected[name]) for name, values in found.items()}, tolerance
