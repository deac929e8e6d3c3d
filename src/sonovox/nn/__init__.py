"""Layers and features that speech systems are made of, on `[batch, time, features]`.

Every name below is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "AdaptivePool",
    "AttentionPooling",
    "BatchNorm1d",
    "BatchNorm2d",
    "ContextWindow",
    "Conv1d",
    "Conv2d",
    "DCT",
    "Deltas",
    "Dropout2d",
    "Embedding",
    "Fbank",
    "Filterbank",
    "GRU",
    "GroupNorm",
    "GumbelSoftmax",
    "ISTFT",
    "InputNormalization",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "LSTM",
    "LayerNorm",
    "LengthsCapableSequential",
    "LiGRU",
    "Linear",
    "MFCC",
    "ModuleList",
    "Pooling1d",
    "Pooling2d",
    "RNN",
    "SLiGRU",
    "STFT",
    "Sequential",
    "Softmax",
    "StatisticsPooling",
    "Swish",
    "spectral_magnitude",
]

if TYPE_CHECKING:
    from sonovox.nn.activations import GumbelSoftmax, Softmax, Swish
    from sonovox.nn.containers import LengthsCapableSequential, ModuleList, Sequential
    from sonovox.nn.convolution import Conv1d, Conv2d
    from sonovox.nn.dropout import Dropout2d
    from sonovox.nn.embedding import Embedding
    from sonovox.nn.fbank import MFCC, Fbank
    from sonovox.nn.filterbank import Filterbank
    from sonovox.nn.frame_features import DCT, ContextWindow, Deltas
    from sonovox.nn.input_normalization import InputNormalization
    from sonovox.nn.ligru import LiGRU, SLiGRU
    from sonovox.nn.linear import Linear
    from sonovox.nn.normalization import (
        BatchNorm1d,
        BatchNorm2d,
        GroupNorm,
        InstanceNorm1d,
        InstanceNorm2d,
        LayerNorm,
    )
    from sonovox.nn.pooling import AdaptivePool, AttentionPooling, Pooling1d, Pooling2d, StatisticsPooling
    from sonovox.nn.recurrent import GRU, LSTM, RNN
    from sonovox.nn.stft import ISTFT, STFT, spectral_magnitude

# file -> the public names in it
_FILES = {
    "activations": ("GumbelSoftmax", "Softmax", "Swish"),
    "containers": ("LengthsCapableSequential", "ModuleList", "Sequential"),
    "convolution": ("Conv1d", "Conv2d"),
    "dropout": ("Dropout2d",),
    "embedding": ("Embedding",),
    "fbank": ("MFCC", "Fbank"),
    "filterbank": ("Filterbank",),
    "frame_features": ("DCT", "ContextWindow", "Deltas"),
    "input_normalization": ("InputNormalization",),
    "ligru": ("LiGRU", "SLiGRU"),
    "linear": ("Linear",),
    "normalization": ("BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm"),
    "pooling": ("AdaptivePool", "AttentionPooling", "Pooling1d", "Pooling2d", "StatisticsPooling"),
    "recurrent": ("GRU", "LSTM", "RNN"),
    "stft": ("ISTFT", "STFT", "spectral_magnitude"),
}

__getattr__ = lazy_names(__name__, {name: f"sonovox.nn.{file}" for file, names in _FILES.items() for name in names})


def __dir__() -> list[str]:
    return sorted(__all__)
