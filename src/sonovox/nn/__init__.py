"""Layers and features that speech systems are made of, on `[batch, time, features]`.

Every name below is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "AdaptedModel",
    "AdaptivePool",
    "AttentionPooling",
    "AttentionalRNNDecoder",
    "AttentiveStatisticsPooling",
    "BatchNorm1d",
    "BatchNorm2d",
    "BranchformerEncoder",
    "BranchformerEncoderLayer",
    "ConformerEncoder",
    "ConformerEncoderLayer",
    "ContentBasedAttention",
    "ContextWindow",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvolutionBranch",
    "ConvolutionModule",
    "ConvolutionalSpatialGatingUnit",
    "DCT",
    "Deltas",
    "DepthwiseSeparableConv1d",
    "DepthwiseSeparableConv2d",
    "Dropout2d",
    "DynChunkTrainConfig",
    "Embedding",
    "ExponentialMovingAverage",
    "Fbank",
    "FilterProperties",
    "Filterbank",
    "GRU",
    "GRUCell",
    "GaborConv1d",
    "GaussianLowpassPooling",
    "GroupNorm",
    "GumbelSoftmax",
    "GumbelVectorQuantizer",
    "HoulsbyAdapterLinear",
    "HyperMixing",
    "ISTFT",
    "InputNormalization",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "KeyValueAttention",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "Leaf",
    "LengthsCapableSequential",
    "LiGRU",
    "Linear",
    "LoRA",
    "LocationAwareAttention",
    "MFCC",
    "ModuleList",
    "MultiheadAttention",
    "NormalizedEmbedding",
    "PCEN",
    "Pooling1d",
    "Pooling2d",
    "PositionalEncoding",
    "PositionalwiseFeedForward",
    "QuasiRNN",
    "RNN",
    "RNNCell",
    "RandomProjectionQuantizer",
    "RelPosEncXL",
    "RelPosMHAXL",
    "RoPEMHA",
    "SLiGRU",
    "STFT",
    "Sequential",
    "SincConv",
    "Softmax",
    "StatisticsPooling",
    "StreamingFeatureWrapper",
    "StreamingFeatureWrapperContext",
    "Swish",
    "TDNNBlock",
    "Transducer_joint",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "get_chunk_mask",
    "get_key_padding_mask",
    "get_length_mask",
    "get_lookahead_mask",
    "insert_adapters",
    "merge_adapters",
    "resynthesize",
    "spectral_magnitude",
    "stack_filter_properties",
    "unmerge_adapters",
]

if TYPE_CHECKING:
    from sonovox.nn.activations import GumbelSoftmax, Softmax, Swish
    from sonovox.nn.adapters import (
        AdaptedModel,
        HoulsbyAdapterLinear,
        LoRA,
        insert_adapters,
        merge_adapters,
        unmerge_adapters,
    )
    from sonovox.nn.attention import MultiheadAttention
    from sonovox.nn.attention_masks import (
        DynChunkTrainConfig,
        get_chunk_mask,
        get_key_padding_mask,
        get_length_mask,
        get_lookahead_mask,
    )
    from sonovox.nn.attentional_decoder import AttentionalRNNDecoder
    from sonovox.nn.attentive_pooling import AttentiveStatisticsPooling
    from sonovox.nn.branchformer import (
        BranchformerEncoder,
        BranchformerEncoderLayer,
        ConvolutionalSpatialGatingUnit,
        ConvolutionBranch,
    )
    from sonovox.nn.conformer import ConformerEncoder, ConformerEncoderLayer
    from sonovox.nn.conformer_convolution import ConvolutionModule
    from sonovox.nn.containers import LengthsCapableSequential, ModuleList, Sequential
    from sonovox.nn.convolution import Conv1d, Conv2d
    from sonovox.nn.decoder_attention import ContentBasedAttention, KeyValueAttention, LocationAwareAttention
    from sonovox.nn.dropout import Dropout2d
    from sonovox.nn.embedding import Embedding, NormalizedEmbedding
    from sonovox.nn.fbank import MFCC, Fbank
    from sonovox.nn.filter_properties import FilterProperties, stack_filter_properties
    from sonovox.nn.filterbank import Filterbank
    from sonovox.nn.frame_features import DCT, ContextWindow, Deltas
    from sonovox.nn.hypermixing import HyperMixing
    from sonovox.nn.input_normalization import InputNormalization
    from sonovox.nn.leaf import GaborConv1d, GaussianLowpassPooling, Leaf
    from sonovox.nn.ligru import LiGRU, SLiGRU
    from sonovox.nn.linear import Linear
    from sonovox.nn.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm1d, InstanceNorm2d, LayerNorm
    from sonovox.nn.pcen import PCEN, ExponentialMovingAverage
    from sonovox.nn.pooling import AdaptivePool, AttentionPooling, Pooling1d, Pooling2d, StatisticsPooling
    from sonovox.nn.positional_encoding import PositionalEncoding, RelPosEncXL
    from sonovox.nn.quantisers import GumbelVectorQuantizer, RandomProjectionQuantizer
    from sonovox.nn.quasi_rnn import QuasiRNN
    from sonovox.nn.recurrent import GRU, LSTM, RNN
    from sonovox.nn.recurrent_cells import GRUCell, LSTMCell, RNNCell
    from sonovox.nn.relative_attention import RelPosMHAXL
    from sonovox.nn.resynthesis import resynthesize
    from sonovox.nn.rotary_attention import RoPEMHA
    from sonovox.nn.separable_convolution import DepthwiseSeparableConv1d, DepthwiseSeparableConv2d
    from sonovox.nn.sinc_convolution import SincConv
    from sonovox.nn.stft import ISTFT, STFT, spectral_magnitude
    from sonovox.nn.streaming_features import StreamingFeatureWrapper, StreamingFeatureWrapperContext
    from sonovox.nn.tdnn import TDNNBlock
    from sonovox.nn.transducer_joint import Transducer_joint
    from sonovox.nn.transformer import PositionalwiseFeedForward, TransformerEncoder, TransformerEncoderLayer
    from sonovox.nn.transformer_decoder import TransformerDecoder, TransformerDecoderLayer
    from sonovox.nn.transposed_convolution import ConvTranspose1d

# file -> the public names in it
_FILES = {
    "activations": ("GumbelSoftmax", "Softmax", "Swish"),
    "adapters": (
        "AdaptedModel",
        "HoulsbyAdapterLinear",
        "LoRA",
        "insert_adapters",
        "merge_adapters",
        "unmerge_adapters",
    ),
    "attention": ("MultiheadAttention",),
    "attention_masks": (
        "DynChunkTrainConfig",
        "get_chunk_mask",
        "get_key_padding_mask",
        "get_length_mask",
        "get_lookahead_mask",
    ),
    "attentional_decoder": ("AttentionalRNNDecoder",),
    "attentive_pooling": ("AttentiveStatisticsPooling",),
    "branchformer": (
        "BranchformerEncoder",
        "BranchformerEncoderLayer",
        "ConvolutionBranch",
        "ConvolutionalSpatialGatingUnit",
    ),
    "conformer": ("ConformerEncoder", "ConformerEncoderLayer"),
    "conformer_convolution": ("ConvolutionModule",),
    "containers": ("LengthsCapableSequential", "ModuleList", "Sequential"),
    "convolution": ("Conv1d", "Conv2d"),
    "decoder_attention": ("ContentBasedAttention", "KeyValueAttention", "LocationAwareAttention"),
    "dropout": ("Dropout2d",),
    "embedding": ("Embedding", "NormalizedEmbedding"),
    "fbank": ("MFCC", "Fbank"),
    "filter_properties": ("FilterProperties", "stack_filter_properties"),
    "filterbank": ("Filterbank",),
    "frame_features": ("DCT", "ContextWindow", "Deltas"),
    "hypermixing": ("HyperMixing",),
    "input_normalization": ("InputNormalization",),
    "leaf": ("GaborConv1d", "GaussianLowpassPooling", "Leaf"),
    "ligru": ("LiGRU", "SLiGRU"),
    "linear": ("Linear",),
    "normalization": ("BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm"),
    "pcen": ("PCEN", "ExponentialMovingAverage"),
    "pooling": ("AdaptivePool", "AttentionPooling", "Pooling1d", "Pooling2d", "StatisticsPooling"),
    "positional_encoding": ("PositionalEncoding", "RelPosEncXL"),
    "quantisers": ("GumbelVectorQuantizer", "RandomProjectionQuantizer"),
    "quasi_rnn": ("QuasiRNN",),
    "recurrent": ("GRU", "LSTM", "RNN"),
    "recurrent_cells": ("GRUCell", "LSTMCell", "RNNCell"),
    "relative_attention": ("RelPosMHAXL",),
    "resynthesis": ("resynthesize",),
    "rotary_attention": ("RoPEMHA",),
    "separable_convolution": ("DepthwiseSeparableConv1d", "DepthwiseSeparableConv2d"),
    "sinc_convolution": ("SincConv",),
    "stft": ("ISTFT", "STFT", "spectral_magnitude"),
    "streaming_features": ("StreamingFeatureWrapper", "StreamingFeatureWrapperContext"),
    "tdnn": ("TDNNBlock",),
    "transducer_joint": ("Transducer_joint",),
    "transformer": ("PositionalwiseFeedForward", "TransformerEncoder", "TransformerEncoderLayer"),
    "transformer_decoder": ("TransformerDecoder", "TransformerDecoderLayer"),
    "transposed_convolution": ("ConvTranspose1d",),
}

__getattr__ = lazy_names(__name__, {name: f"sonovox.nn.{file}" for file, names in _FILES.items() for name in names})


def __dir__() -> list[str]:
    return sorted(__all__)
