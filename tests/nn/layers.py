"""Every layer and model in small, with inputs for any number of steps: what their common properties are tested on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sonovox import nn as layers
from sonovox.models import (
    ConvolutionFrontEnd,
    EncoderWrapper,
    TransformerASR,
    TransformerLM,
    conv_tasnet,
    dual_path,
    ecapa_tdnn,
    xvector,
)
from sonovox.models.crdnn import CRDNN
from sonovox.models.rnnlm import RNNLM
from sonovox.models.vanilla_nn import VanillaNN

FEATURES = 6
Inputs = tuple[Tensor, ...]


@dataclass(frozen=True)
class Layer:
    """A layer, its inputs for a batch of some time, and what it does not have."""

    build: Callable[[], nn.Module]
    inputs: Callable[[int, int], Inputs] = field(default=lambda batch, time: (torch.randn(batch, time, FEATURES),))
    lengths: str = ""  # what forward calls them
    time_axis: int = 1
    time_input: int = 0  # which of the inputs has time
    time: int = 12
    steps_of: Callable[[int], int] | None = None  # of the result, where that is not time
    without: dict[str, str] = field(default_factory=dict)  # property -> why it does not have it

    def run(self, module: nn.Module, inputs: Inputs, lengths: Tensor | None = None) -> Tensor:
        """The first result."""
        named: dict[str, Any] = {} if lengths is None else {self.lengths: lengths}
        result = module(*inputs, **named)
        if isinstance(result, dict):
            return next(iter(result.values()))
        return result[0] if isinstance(result, tuple) else result


def _image(batch: int, time: int) -> Inputs:
    return (torch.randn(batch, time, 5, 3),)


def _wave(batch: int, time: int) -> Inputs:
    return (torch.randn(batch, 160 * time),)


def _energies(batch: int, time: int) -> Inputs:
    return (torch.rand(batch, time, FEATURES),)


def _channels_first(batch: int, time: int) -> Inputs:
    return (torch.randn(batch, FEATURES, time),)


def _bins(batch: int, time: int) -> Inputs:
    return (torch.rand(batch, time, 41),)


def _step(batch: int, time: int) -> Inputs:
    torch.manual_seed(batch)
    return torch.randn(batch, time, FEATURES), torch.full((batch,), time), torch.randn(batch, 4)


def _sequences(batch: int, time: int) -> Inputs:
    return torch.randn(batch, 4, 5), torch.randn(batch, time, FEATURES), torch.ones(batch)


def _tokens(batch: int, time: int) -> Inputs:
    return (torch.randint(1, 9, (batch, time)),)


def _heard(batch: int, time: int) -> Inputs:
    return torch.randn(batch, time, 8), torch.randn(batch, 5, 8)


def _wide(batch: int, time: int) -> Inputs:
    return (torch.randn(batch, time, 8),)


class _OfItself(nn.Module):
    """Attention of a sequence to itself."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention
        self.distances = layers.RelPosEncXL(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, pos_embs=self.distances(x))[0]


OF_BATCH = {"padding": "normalises over the batch"}
FEATURE_OPTIONS = {"sample_rate": 16000, "n_fft": 400}
PADS_WHOLE = {"padding": "has no lengths"}


def _fbank(name: str, **arguments: Any) -> Layer:
    return Layer(lambda: getattr(layers, name)(**arguments), _wave, time=30, without={"gradient": "see Filterbank"})


def _encoder(encoder: str, attention: str, **arguments: Any) -> Layer:
    return Layer(
        lambda: EncoderWrapper(
            TransformerASR(
                9,
                FEATURES,
                d_model=8,
                nhead=2,
                num_encoder_layers=1,
                num_decoder_layers=0,
                d_ffn=6,
                encoder_module=encoder,
                attention_type=attention,
                conformer_activation=nn.Tanh,
                activation=nn.Tanh,
                kernel_size=3,
                csgu_linear_units=6,
                normalize_before=True,
                ignore_padding=True,
                **{"causal": False, **arguments},
            )
        ),
        lengths="wav_lens",
    )


ENCODERS = {
    f"EncoderWrapper {encoder} {attention}": _encoder(encoder, attention)
    for encoder in ("transformer", "conformer", "branchformer")
    for attention in ("regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing")
}

LAYERS: dict[str, Layer] = ENCODERS | {
    "BranchformerEncoder": Layer(lambda: layers.BranchformerEncoder(1, 8, 2, 3, attention_type="RoPEMHA"), _wide),
    "BranchformerEncoderLayer": Layer(
        lambda: layers.BranchformerEncoderLayer(8, 2, 3, attention_type="RoPEMHA", csgu_linear_units=6), _wide
    ),
    "ConformerEncoder": Layer(lambda: layers.ConformerEncoder(1, 8, 6, 2, 3, attention_type="regularMHA"), _wide),
    "ConformerEncoderLayer": Layer(lambda: layers.ConformerEncoderLayer(8, 6, 2, 3, attention_type="RoPEMHA"), _wide),
    "ConvolutionBranch": Layer(lambda: layers.ConvolutionBranch(FEATURES, 6, 3)),
    "ConvolutionFrontEnd": Layer(
        lambda: ConvolutionFrontEnd(
            [None, None, FEATURES], 2, 1, [2, 3], strides=[1, 2], activation=nn.Tanh, residuals=[True, False]
        )
    ),
    "ConvolutionModule": Layer(lambda: layers.ConvolutionModule(FEATURES, 3)),
    "ConvolutionalSpatialGatingUnit": Layer(lambda: layers.ConvolutionalSpatialGatingUnit(FEATURES, 3)),
    "EncoderWrapper causal": _encoder("conformer", "RelPosMHAXL", causal=True),
    "GumbelVectorQuantizer": Layer(
        lambda: layers.GumbelVectorQuantizer(FEATURES, 4, (2.0, 0.5, 0.9), 2, 6),
        without={"gradient": "a choice has none; its straight-through gradient is tested where it is"},
    ),
    "AdaptedModel": Layer(
        lambda: layers.AdaptedModel(nn.Sequential(nn.Linear(FEATURES, 4)), all_linear=True),
        without={"export": "it takes any arguments; the model inside of it exports"},
    ),
    "HoulsbyAdapterLinear": Layer(lambda: layers.HoulsbyAdapterLinear(nn.Linear(FEATURES, 4), 2)),
    "HyperMixing": Layer(lambda: _OfItself(layers.HyperMixing(8, 6, num_heads=2)), _wide),
    "MultiheadAttention": Layer(lambda: _OfItself(layers.MultiheadAttention(2, 8)), _wide),
    "NormalizedEmbedding": Layer(
        lambda: layers.NormalizedEmbedding(4, 9), _tokens, without={"gradient": "tokens have none"}
    ),
    "PositionalEncoding": Layer(
        lambda: layers.PositionalEncoding(8), _wide, without={"gradient": "of no input", "alone": "has no batch"}
    ),
    "PositionalwiseFeedForward": Layer(
        lambda: layers.PositionalwiseFeedForward(4, input_size=FEATURES, activation=nn.Tanh)
    ),
    "RelPosEncXL": Layer(
        lambda: layers.RelPosEncXL(8), _wide, without={"gradient": "of no input", "alone": "has no batch"}
    ),
    "RelPosMHAXL": Layer(lambda: _OfItself(layers.RelPosMHAXL(8, 2)), _wide),
    "RoPEMHA": Layer(lambda: _OfItself(layers.RoPEMHA(8, 2)), _wide),
    "TransformerDecoder": Layer(lambda: layers.TransformerDecoder(1, 2, 6, 8, activation=nn.Tanh, causal=True), _heard),
    "TransformerDecoderLayer": Layer(lambda: layers.TransformerDecoderLayer(6, 2, 8, activation=nn.Tanh), _heard),
    "TransformerEncoder": Layer(
        lambda: layers.TransformerEncoder(1, 2, 6, d_model=8, activation=nn.Tanh, causal=True), _wide
    ),
    "TransformerEncoderLayer": Layer(lambda: layers.TransformerEncoderLayer(6, 2, 8, activation=nn.Tanh), _wide),
    "TransformerLM": Layer(
        lambda: TransformerLM(9, d_model=8, nhead=2, num_encoder_layers=1, d_ffn=6),
        _tokens,
        without={"gradient": "tokens have none"},
    ),
    "AdaptivePool": Layer(lambda: layers.AdaptivePool(3)),
    "AttentionPooling": Layer(lambda: layers.AttentionPooling(FEATURES), lengths="lengths"),
    "AttentionalRNNDecoder content": Layer(
        lambda: layers.AttentionalRNNDecoder("gru", "content", 4, 3, 2, FEATURES, 5), _sequences, time_input=1
    ),
    "AttentionalRNNDecoder keyvalue": Layer(
        lambda: layers.AttentionalRNNDecoder("rnn", "keyvalue", 4, 3, 1, FEATURES, 5, nonlinearity="tanh"),
        _sequences,
        time_input=1,
    ),
    "AttentionalRNNDecoder location": Layer(
        lambda: layers.AttentionalRNNDecoder("lstm", "location", 4, 3, 1, FEATURES, 5, channels=2, kernel_size=3),
        _sequences,
        time_input=1,
        without={"gradient": "the last weights are taken as they are, not differentiated"},
    ),
    "AttentiveStatisticsPooling": Layer(
        lambda: layers.AttentiveStatisticsPooling(FEATURES, 4), _channels_first, lengths="lengths", time_axis=2
    ),
    "BatchNorm1d": Layer(lambda: layers.BatchNorm1d(input_size=FEATURES)),
    "BatchNorm2d": Layer(lambda: layers.BatchNorm2d(input_size=3), _image),
    "CRDNN": Layer(
        lambda: CRDNN(
            input_size=FEATURES, cnn_channels=[2, 2], rnn_layers=1, rnn_neurons=4, dnn_blocks=1, dnn_neurons=3
        ),
        without={"gradient": "maxima over ties of its activations"},
    ),
    "ContextWindow": Layer(lambda: layers.ContextWindow(2, 1)),
    "Conv-TasNet masks": Layer(
        lambda: conv_tasnet.MaskNet(FEATURES, 4, 5, 3, 2, 1, 2),
        _channels_first,
        time_axis=2,
        without={"alone": "its results are of sources first"},
    ),
    "Conv1d": Layer(lambda: layers.Conv1d(4, 3, in_channels=FEATURES, dilation=2)),
    "Conv1d causal": Layer(lambda: layers.Conv1d(4, 3, in_channels=FEATURES, padding="causal", weight_norm=True)),
    "Conv2d": Layer(lambda: layers.Conv2d(4, (3, 3), in_channels=3, max_norm=0.5), _image),
    "ConvTranspose1d": Layer(lambda: layers.ConvTranspose1d(4, 4, in_channels=FEATURES, stride=2, padding="factor")),
    "DCT": Layer(lambda: layers.DCT(FEATURES, 4)),
    "Deltas": Layer(lambda: layers.Deltas(FEATURES)),
    "DepthwiseSeparableConv1d": Layer(lambda: layers.DepthwiseSeparableConv1d(4, 3, [None, None, FEATURES])),
    "DepthwiseSeparableConv2d": Layer(
        lambda: layers.DepthwiseSeparableConv2d(4, (3, 3), [None, None, None, 3]), _image
    ),
    "Dropout2d": Layer(lambda: layers.Dropout2d(0.5), _image),
    "Dual_Path_Model recurrent": Layer(
        lambda: dual_path.Dual_Path_Model(
            FEATURES, 4, dual_path.SBRNNBlock(4, 3, 1), dual_path.SBRNNBlock(4, 3, 1), K=4, norm="gln"
        ),
        _channels_first,
        time_axis=2,
        without={"alone": "its results are of sources first"},
    ),
    "ECAPA_TDNN": Layer(
        lambda: ecapa_tdnn.ECAPA_TDNN(
            FEATURES, channels=[8] * 4 + [12], attention_channels=4, se_channels=4, lin_neurons=5, ignore_padding=True
        ),
        lengths="lengths",
    ),
    "ECAPA_TDNN classifier": Layer(lambda: ecapa_tdnn.Classifier(FEATURES, lin_blocks=1, lin_neurons=4, out_neurons=3)),
    "Embedding": Layer(
        lambda: layers.Embedding(9, 4),
        lambda batch, time: (torch.randint(9, (batch, time)),),
        without={"gradient": "tokens have none"},
    ),
    "ExponentialMovingAverage": Layer(lambda: layers.ExponentialMovingAverage(FEATURES, per_channel=True)),
    "Fbank": _fbank("Fbank", n_mels=8, deltas=True, context=True),
    "Fbank trained": _fbank("Fbank", n_mels=8, requires_grad=True, filter_shape="gaussian"),
    "Filterbank": Layer(lambda: layers.Filterbank(n_mels=4, n_fft=80), _bins),
    "Filterbank trained": Layer(
        lambda: layers.Filterbank(n_mels=4, n_fft=80, freeze=False, filter_shape="gaussian"), _bins
    ),
    "GRU": Layer(lambda: layers.GRU(4, input_size=FEATURES, num_layers=2, bidirectional=True), lengths="lengths"),
    "GaborConv1d": Layer(lambda: layers.GaborConv1d(4, 9, 1, in_channels=1), lambda b, t: (torch.randn(b, t),)),
    "GaussianLowpassPooling": Layer(lambda: layers.GaussianLowpassPooling(FEATURES, 9, 2)),
    "GroupNorm": Layer(lambda: layers.GroupNorm(input_size=FEATURES, num_groups=2)),
    "GumbelSoftmax": Layer(
        lambda: layers.GumbelSoftmax(1.0),
        without={"alone": "random", "compile": "random", "export": "random", "gradient": "random"},
    ),
    "ISTFT": Layer(
        lambda: layers.ISTFT(16000, n_fft=400),
        lambda batch, time: (torch.randn(batch, time, 201, 2),),
        without={"gradient": "too many inputs"},
    ),
    "InputNormalization batch": Layer(
        lambda: layers.InputNormalization(norm_type="batch"), lengths="lengths", without={"alone": OF_BATCH["padding"]}
    ),
    "InputNormalization sentence": Layer(lambda: layers.InputNormalization(norm_type="sentence"), lengths="lengths"),
    "InstanceNorm1d": Layer(lambda: layers.InstanceNorm1d(input_size=FEATURES, track_running_stats=False, affine=True)),
    "InstanceNorm2d": Layer(lambda: layers.InstanceNorm2d(input_size=3, track_running_stats=False), _image),
    "LSTM": Layer(lambda: layers.LSTM(4, input_size=FEATURES, num_layers=2, bidirectional=True), lengths="lengths"),
    "LayerNorm": Layer(lambda: layers.LayerNorm(FEATURES)),
    "Leaf": Layer(
        lambda: layers.Leaf(4, in_channels=1), _wave, time=30, without={"gradient": "its energies have a floor"}
    ),
    "LengthsCapableSequential": Layer(
        lambda: layers.LengthsCapableSequential(
            layers.InputNormalization(norm_type="sentence"),
            layers.GRU(4, input_size=FEATURES),
            layers.StatisticsPooling(),
        ),
        lengths="lengths",
    ),
    "LiGRU": Layer(lambda: layers.LiGRU(4, [None, None, FEATURES], "tanh", num_layers=2, bidirectional=True)),
    "LiGRU layernorm": Layer(lambda: layers.LiGRU(4, [None, None, FEATURES], "sin", normalization="layernorm")),
    "Linear": Layer(lambda: layers.Linear(4, input_size=FEATURES, max_norm=0.5)),
    "LoRA": Layer(lambda: layers.LoRA(nn.Linear(FEATURES, 4), 2)),
    "MFCC": _fbank("MFCC", n_mels=8, n_mfcc=5),
    "ModuleList": Layer(lambda: layers.ModuleList(layers.Linear(4, input_size=FEATURES), nn.Tanh())),
    "PCEN": Layer(lambda: layers.PCEN(FEATURES), _energies),
    "Pooling1d": Layer(lambda: layers.Pooling1d("max", 2)),
    "Pooling2d": Layer(lambda: layers.Pooling2d("avg", (2, 2)), _image),
    "QuasiRNN": Layer(lambda: layers.QuasiRNN(4, input_size=FEATURES, num_layers=2, bidirectional=True)),
    "RNN": Layer(lambda: layers.RNN(4, input_size=FEATURES, nonlinearity="tanh"), lengths="lengths"),
    "RNNLM": Layer(
        lambda: RNNLM(9, embedding_dim=4, rnn_neurons=5, dnn_neurons=4),
        lambda batch, time: (torch.randint(9, (batch, time)),),
        without={"gradient": "tokens have none"},
    ),
    "SLiGRU": Layer(lambda: layers.SLiGRU(4, [None, None, FEATURES], "tanh", recurrent_elementwise_affine=True)),
    "STFT": Layer(lambda: layers.STFT(16000), _wave, time=30, without={"gradient": "too many inputs"}),
    "SepformerWrapper": Layer(
        lambda: dual_path.SepformerWrapper(
            encoder_kernel_size=4,
            encoder_out_nchannels=4,
            masknet_chunksize=4,
            intra_numlayers=1,
            inter_numlayers=1,
            intra_nhead=2,
            inter_nhead=2,
            intra_dffn=5,
            inter_dffn=5,
        ),
        lambda batch, time: (torch.randn(batch, 8 * time),),
    ),
    "RandomProjectionQuantizer": Layer(
        lambda: layers.RandomProjectionQuantizer(FEATURES, 4, 7), without={"gradient": "indices have none"}
    ),
    "Sequential": Layer(lambda: layers.Sequential(layers.Linear(4, input_size=FEATURES), nn.Tanh())),
    "SincConv": Layer(lambda: layers.SincConv(4, 5, input_shape=[None, None]), lambda b, t: (torch.randn(b, t),)),
    "Softmax": Layer(lambda: layers.Softmax(apply_log=True, dtype=None)),
    "StatisticsPooling": Layer(layers.StatisticsPooling, lengths="lengths"),
    "Swish": Layer(layers.Swish),
    "TDNNBlock": Layer(lambda: layers.TDNNBlock(FEATURES, 4, 3, 1, activation=nn.Tanh), _channels_first, time_axis=2),
    "Transducer_joint": Layer(
        layers.Transducer_joint,
        lambda batch, time: (torch.randn(batch, time, 1, FEATURES), torch.randn(batch, 1, 4, FEATURES)),
    ),
    "VanillaNN": Layer(lambda: VanillaNN([None, None, FEATURES], nn.Tanh, dnn_neurons=4)),
    "Xvector": Layer(
        lambda: xvector.Xvector(
            activation=nn.Tanh, in_channels=FEATURES, tdnn_channels=[8] * 5, lin_neurons=5, ignore_padding=True
        ),
        lengths="lens",
    ),
    "Xvector classifier": Layer(
        lambda: xvector.Classifier([None, None, FEATURES], lin_neurons=4, out_neurons=3),
        without={"gradient": "its softmax is in float32"},
    ),
}
