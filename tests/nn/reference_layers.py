"""The layers and models that SpeechBrain computed references for, each as ours, called as its case says.

A case is a folder with constructor arguments, a state dict, inputs and outputs. Shared by the test and by
`docs/generate_layers.py`, which writes the table of the largest differences.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

Tensors = dict[str, Tensor]

# SpeechBrain's class -> ours
CLASSES = {
    "speechbrain.lobes.features.Fbank": "sonovox.nn.Fbank",
    "speechbrain.lobes.features.MFCC": "sonovox.nn.MFCC",
    "speechbrain.lobes.models.CRDNN.CRDNN": "sonovox.models.crdnn.CRDNN",
    "speechbrain.lobes.models.ECAPA_TDNN.SERes2NetBlock": "sonovox.models.ecapa_tdnn.SERes2NetBlock",
    "speechbrain.lobes.models.RNNLM.RNNLM": "sonovox.models.rnnlm.RNNLM",
    "speechbrain.lobes.models.conv_tasnet.MaskNet": "sonovox.models.conv_tasnet.MaskNet",
    "speechbrain.lobes.models.VanillaNN.VanillaNN": "sonovox.models.vanilla_nn.VanillaNN",
    "speechbrain.lobes.models.convolution.ConvolutionFrontEnd": "sonovox.models.ConvolutionFrontEnd",
    "speechbrain.lobes.models.transformer.TransformerASR.TransformerASR": "sonovox.models.TransformerASR",
    "speechbrain.lobes.models.transformer.TransformerLM.TransformerLM": "sonovox.models.TransformerLM",
    "speechbrain.lobes.models.Xvector.Xvector": "sonovox.models.xvector.Xvector",
    "speechbrain.lobes.models.wav2vec.EncoderWrapper": "sonovox.models.wav2vec2.EncoderWrapper",
    "speechbrain.lobes.models.wav2vec.W2VLatentExtractor": "sonovox.models.wav2vec2.W2VLatentExtractor",
    "speechbrain.lobes.models.wav2vec.W2VTargetQuantiser": "sonovox.models.wav2vec2.W2VTargetQuantiser",
    **{
        f"speechbrain.{home}.{name}": f"sonovox.nn.{name}"
        for home, names in {
            "lobes.models.ECAPA_TDNN": ["AttentiveStatisticsPooling"],
            "nnet.CNN": ["Conv1d", "Conv2d", "ConvTranspose1d", "DepthwiseSeparableConv1d", "SincConv"],
            "nnet.RNN": ["AttentionalRNNDecoder", "GRU", "LSTM", "LiGRU", "QuasiRNN", "RNN", "SLiGRU"],
            "nnet.normalization": ["BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "LayerNorm", "PCEN"],
            "nnet.pooling": ["AdaptivePool", "AttentionPooling", "Pooling1d", "Pooling2d", "StatisticsPooling"],
            "processing.features": [
                "ContextWindow",
                "DCT",
                "Deltas",
                "Filterbank",
                "ISTFT",
                "InputNormalization",
                "STFT",
            ],
        }.items()
        for name in names
    },
}

# No layers: they are compared where losses, metrics and schedules are tested.
NO_LAYERS = {"losses", "metrics", "schedulers"}

# Largest |difference| over the largest |value| of an output.
TOLERANCE = 1e-5
TOLERANCE_OF = {
    **dict.fromkeys(["fbank", "fbank_deltas_context", "fbank_opts", "fbank_rect", "mfcc", "mfcc_plain"], 1e-4),
    # SpeechBrain adds noise of 1e-5 to the mean, in evaluation too; means are near 0.1.
    **dict.fromkeys(
        ["statistics_pooling_stats", "statistics_pooling_stats_mean", "statistics_pooling_stats_std", "xvector"], 1e-3
    ),
    # It adds 1e-7 to probabilities before their logarithm, of which the share of unused entries is a small difference.
    "w2v_target_quantiser": 1e-4,
}


@dataclass(frozen=True)
class Reference:
    name: str
    reference_class: str
    module: nn.Module
    inputs: Tensors
    expected: Tensors

    @property
    def tolerance(self) -> float:
        return TOLERANCE_OF.get(self.name, TOLERANCE)


def read_reference(folder: Path) -> Reference:
    """A case with our module, its weights loaded strictly."""
    case = json.loads((folder / "case.json").read_text())
    arguments = {name: _argument(value) for name, value in case["kwargs"].items()}
    module = _ours(case["cls"])(**arguments)
    if case["weights"]:
        module.load_state_dict(load_file(folder / "state.safetensors"))
    module.train(case["mode"] == "train")
    return Reference(folder.name, case["cls"], module, _arrays(folder / "inputs.npz"), _arrays(folder / "outputs.npz"))


def largest_differences(reference: Reference) -> dict[str, float]:
    """Of each output, the largest |difference| over the largest |value|."""
    torch.manual_seed(0)
    with torch.no_grad():
        results = _call_for(reference.name)(reference.module, reference.inputs, reference.expected)
    missing = reference.expected.keys() - results.keys()
    if missing:
        raise AssertionError(f"{reference.name} gives no {', '.join(sorted(missing))}")
    return {name: _difference(results[name], expected) for name, expected in reference.expected.items()}


def _difference(result: Tensor, expected: Tensor) -> float:
    if result.shape != expected.shape:
        raise AssertionError(f"shape {tuple(result.shape)}, expected {tuple(expected.shape)}")
    scale = expected.double().abs().max().clamp(min=1e-30)
    return float((result.double() - expected.double()).abs().max() / scale)


def _arrays(path: Path) -> Tensors:
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def _ours(reference_class: str) -> Callable[..., nn.Module]:
    module, _, name = CLASSES[reference_class].rpartition(".")
    return getattr(importlib.import_module(module), name)


def _argument(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("TransformerEncoder("):
        return _latent_encoder()
    if not (isinstance(value, str) and value.startswith("name:")):
        return value
    home, _, name = value.removeprefix("name:").rpartition(".")
    return getattr(importlib.import_module(home), name) if home.startswith("torch") else _ours(f"{home}.{name}")


def _latent_encoder() -> nn.Module:
    """The one that the case of the wrapper describes in words."""
    from sonovox.nn import TransformerEncoder

    return TransformerEncoder(2, 4, 24, d_model=16, dropout=0.1, activation=nn.GELU, normalize_before=True)


def _call_for(name: str) -> Callable[[nn.Module, Tensors, Tensors], Tensors]:
    return next((call for start, call in CALLS.items() if name.startswith(start)), _one_input)


def _one_input(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    result = module(inputs["wav"] if "wav" in inputs else inputs["x"])
    return {f"output{i}": part for i, part in enumerate(result)} if isinstance(result, tuple) else {"output": result}


def _lengths_and_none(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    return {"lens": module(inputs["x"], inputs["lengths"]), "nolens": module(inputs["x"])}


def _recurrent(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    states, last = module(inputs["x"], lengths=inputs["lengths"])
    h = last if isinstance(last, tuple) else (last,)
    return {"output": states, "nolens": module(inputs["x"])[0], **dict(zip("hc", h, strict=False))}


def _decoder(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    states, weights = module(inputs["inp"], inputs["enc"], inputs["wav_len"])
    return {"output0": states, "output1": weights}


def _language_model(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    scores, (h, c) = module(inputs["tokens"])
    return {"output": scores, "h": h, "c": c}


def _stft(module: nn.Module, inputs: Tensors, expected: Tensors) -> Tensors:
    from sonovox.nn import spectral_magnitude

    # Of the expected spectrum: the logarithm of a bin near zero tells of the rounding of its Fourier transform.
    log = spectral_magnitude(expected["output"], power=0.5, log=True)
    spectrum = module(inputs["x"])
    return {"output": spectrum, "magnitude": spectral_magnitude(spectrum, power=1), "power_log": log}


def _istft(module: nn.Module, _: Tensors, expected: Tensors) -> Tensors:
    stft = expected["stft"]
    return {"stft": stft, "output": module(stft), "output_sig_length": module(stft, sig_length=5900)}


def _normaliser(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    x = inputs["x"] * 2 + 1
    return {"lens": module(x, inputs["lengths"]), "nolens": module(x)}


def _running_normaliser(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    x, y, lengths = inputs["x"], inputs["y"], inputs["lengths"]
    module.train()
    results = {"first": module(x, lengths, epoch=0), "second": module(y, lengths, epoch=1)}
    results |= {name: buffer.clone() for name, buffer in module.named_buffers()}
    results["epoch2"] = module(x, lengths, epoch=2)
    results["eval"] = module.eval()(y, lengths)
    return {**results, "glob_mean_after": module.get_buffer("glob_mean")}


def _recogniser(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    x, lengths, tokens = inputs["x"], inputs["lengths"], inputs["tokens"]
    encoded, decoded = module(x, tokens, lengths, pad_idx=0)
    states, attention = module.decode(tokens, encoded, torch.round(lengths * x.shape[1]).int())
    return {
        "encode": module.encode(x, lengths),
        "encode_nolens": module.encode(x),
        "forward_enc": encoded,
        "forward_dec": decoded,
        "decode": states,
        "decode_attn": attention,
    }


def _streaming(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    from sonovox.nn import DynChunkTrainConfig

    x, chunks = inputs["x"], DynChunkTrainConfig(4, 2)
    context = module.make_streaming_context(chunks)
    return {
        "full": module.encode(x),
        "chunk": module.encode(x, dynchunktrain_config=chunks),
        "chunk_inf": module.encode(x, dynchunktrain_config=DynChunkTrainConfig(4, None)),
        "streaming": torch.cat([module.encode_streaming(chunk, context) for chunk in x.split(4, dim=1)], dim=1),
    }


def _tokens(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    return {"output": module(inputs["tokens"])}


def _latents(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    x, mask, lengths = inputs["x"], inputs["mask"].bool(), inputs["wav_lens"]
    return {
        "masked": module(x, mask=mask)["embeddings"],
        "masked_lens": module(x, mask=mask, wav_lens=lengths)["embeddings"],
        "nomask_lens": module(x, wav_lens=lengths)["embeddings"],
    }


def _latent_extractor(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    lengths = module.get_output_lengths(torch.tensor([12000, 8800]))
    x = inputs["x"]
    return {"output": module(x), "unnormalized": module(x, normalize_signal=False), "lengths": lengths}


def _targets(module: nn.Module, inputs: Tensors, _: Tensors) -> Tensors:
    targets, meta = module(inputs["x"])
    return {"output": targets, **{f"meta_{name}": value for name, value in meta.items()}}


CALLS = {
    "asr_conformer_streaming": _streaming,
    "asr": _recogniser,
    "attdec": _decoder,
    "attentive_statistics_pooling": _lengths_and_none,
    "gru": _recurrent,
    "inputnorm_glob": _running_normaliser,
    "inputnorm": _normaliser,
    "istft": _istft,
    "lstm": _recurrent,
    "rnnlm": _language_model,
    "rnn": _recurrent,
    "se_res2net_block": _lengths_and_none,
    "statistics_pooling": _lengths_and_none,
    "stft": _stft,
    "transformer_lm": _tokens,
    "w2v_encoder_wrapper": _latents,
    "w2v_latent_extractor": _latent_extractor,
    "w2v_target_quantiser": _targets,
    "xvector": _lengths_and_none,
}
