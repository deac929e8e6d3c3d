"""The speech models in `../shared/reference/speechbrain`, put together by hand, with what SpeechBrain found."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from sonovox.models import RNNLM
from sonovox.models.transformer_asr import TransformerASR
from sonovox.models.transformer_lm import TransformerLM
from sonovox.nn import AttentionalRNNDecoder, Embedding, Linear


def _arrays(folder: Path) -> SimpleNamespace:
    arrays = {**np.load(folder / "inputs.npz"), **np.load(folder / "outputs.npz")}
    return SimpleNamespace(**{name: torch.from_numpy(value) for name, value in arrays.items()})


def _load(module: torch.nn.Module, state: dict, prefix: str = "") -> torch.nn.Module:
    module.load_state_dict({key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)})
    return module.eval()


def rnn_case(folder: Path) -> SimpleNamespace:
    """Embedding, decoder, linear layer and language model of `asr-crdnn-rnnlm`, and the arrays."""
    state = torch.load(folder / "model" / "asr.ckpt", weights_only=True)
    decoder = AttentionalRNNDecoder(
        "gru", "location", 32, 24, num_layers=1, enc_dim=24, input_size=16, channels=10, kernel_size=100
    )
    lm = RNNLM(60, 16, dropout=0.0, rnn_neurons=32, dnn_neurons=24, return_hidden=True)
    return SimpleNamespace(
        modules=[
            _load(Embedding(60, embedding_dim=16), state, "1."),
            _load(decoder, state, "2."),
            _load(Linear(60, input_size=32), state, "4."),
        ],
        lm=_load(lm, torch.load(folder / "model" / "lm.ckpt", weights_only=True)),
        **vars(_arrays(folder)),
    )


def transformer_case(folder: Path) -> SimpleNamespace:
    """Transformer, linear layers and language model of `asr-transformer-lm` or `asr-conformer`, and the arrays."""
    state = torch.load(folder / "model" / "asr.ckpt", weights_only=True)
    conformer = folder.name == "asr-conformer"
    transformer = TransformerASR(
        64,
        60 if conformer else 80,
        d_model=32,
        nhead=4,
        num_encoder_layers=2,
        num_decoder_layers=1 if conformer else 2,
        d_ffn=64,
        activation=torch.nn.GELU,
        encoder_module="conformer" if conformer else "transformer",
        attention_type="RelPosMHAXL" if conformer else "regularMHA",
        normalize_before=True,
        causal=False,
    )
    lm = TransformerLM(
        64, d_model=24, nhead=2, num_encoder_layers=2, num_decoder_layers=0, d_ffn=48, activation=torch.nn.GELU
    )
    return SimpleNamespace(
        conformer=conformer,
        modules=[_load(transformer, state, "1."), _load(Linear(64, input_size=32), state, "2.")],
        ctc=_load(Linear(64, input_size=32), state, "3."),
        lm=_load(lm, torch.load(folder / "model" / "lm.ckpt", weights_only=True)),
        **vars(_arrays(folder)),
    )


def lists(padded: torch.Tensor) -> list[list[int]]:
    """Tokens without the -1 that they are padded with."""
    return [[token for token in row if token >= 0] for row in padded.tolist()]
