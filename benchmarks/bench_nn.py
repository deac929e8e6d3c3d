"""Features and their normalisation as modules, against SpeechBrain: `python benchmarks/bench_nn.py`.

A peer that is not installed is left out; `requirements/peers.txt` has them.
"""

import functools

import torch
from bench_dsp import bare_rfft, optional
from measure import Row, report

from sonovox import models, nn

features = optional("speechbrain.lobes.features")
processing = optional("speechbrain.processing.features")
RNN = optional("speechbrain.nnet.RNN")
transformers = optional("speechbrain.lobes.models.transformer.TransformerASR")

BATCHES = {"10 s": (1, 160000), "32 x 10 s": (32, 160000)}


def feature_rows() -> list[Row]:
    rows = []
    for name, shape in BATCHES.items():
        wave, floor = torch.randn(shape), bare_rfft(torch.randn(shape), 400, 160)
        for module, arguments in {"Fbank": {}, "Fbank 80": {"n_mels": 80}, "MFCC": {}}.items():
            kind = module.partition(" ")[0]
            peers = {"speechbrain": functools.partial(getattr(features, kind)(**arguments), wave)} if features else {}
            ours = functools.partial(getattr(nn, kind)(**arguments), wave)
            rows.append(Row(f"{module}, {name}", ours, peers, floor, "2"))
    return rows


def normalisation_rows() -> list[Row]:
    rows = []
    x, lengths = torch.randn(32, 1001, 80), torch.linspace(0.5, 1.0, 32)
    for kind in ("sentence", "batch", "global"):
        ours = nn.InputNormalization(norm_type=kind)
        peers = {}
        if processing:
            peers["speechbrain"] = functools.partial(processing.InputNormalization(norm_type=kind), x, lengths)
        rows.append(Row(f"InputNormalization {kind}, 32 x 10 s", functools.partial(ours, x, lengths), peers, x.clone))
    return rows


def recurrent_rows() -> list[Row]:
    x = torch.randn(8, 200, 80)
    rows = []
    for kind, arguments in {
        "LSTM": {"input_size": 80, "bidirectional": True},
        "LiGRU": {"input_shape": [8, 200, 80], "bidirectional": True},
        "QuasiRNN": {"input_size": 80, "bidirectional": True},
    }.items():
        ours = functools.partial(getattr(nn, kind)(256, **arguments).eval(), x)
        peers = {"speechbrain": functools.partial(getattr(RNN, kind)(256, **arguments).eval(), x)} if RNN else {}
        rows.append(Row(f"{kind} 256, both directions, 8 x 200", ours, peers))
    return rows


def encoder_rows() -> list[Row]:
    x, lengths = torch.randn(4, 400, 80), torch.linspace(0.5, 1.0, 4)
    common = {"d_model": 144, "nhead": 4, "num_encoder_layers": 4, "num_decoder_layers": 0, "d_ffn": 576}
    common |= {"normalize_before": True, "causal": False}
    rows = []
    for name, arguments in {
        "Transformer": {},
        "Conformer, relative places": {"encoder_module": "conformer", "attention_type": "RelPosMHAXL"},
        "Conformer, rotary places": {"encoder_module": "conformer", "attention_type": "RoPEMHA"},
    }.items():
        ours = models.TransformerASR(100, 80, **common, **arguments).eval()
        peers = {}
        if transformers:
            theirs = transformers.TransformerASR(100, 80, **common, **arguments).eval()
            peers["speechbrain"] = functools.partial(theirs.encode, x, lengths)
        rows.append(Row(f"{name}, 4 layers, 4 x 16 s", functools.partial(ours.encode, x, lengths), peers))
    return rows


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    report("Features", feature_rows(), rounds=9)
    report("Normalisation", normalisation_rows(), rounds=9)
    report("Recurrent layers", recurrent_rows(), rounds=5)
    report("Encoders", encoder_rows(), rounds=5)
