"""The names that a YAML file may use, and where each of them lives.

`MODEL_NAMES` is all that the file of a model folder can reach: a stranger wrote it.
An entry belongs there only if calling it, with any arguments, reads no file,
writes none, opens no connection and changes nothing outside of what it returns.
`RECIPE_NAMES` comes on top for a recipe of one's own, which `code` opens.

Both are strings to strings, `"<name in the YAML>": "<module>:<name in it>"`;
nothing here is imported before a file asks for it, and nothing is looked up by a
name that is not here. `RENAMED_ARGUMENTS` tells, for names of other packages,
which of our arguments is meant by theirs: `{"<name in the YAML>": {"<theirs>":
"<ours>"}}`.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["MODEL_NAMES", "RECIPE_NAMES", "RENAMED_ARGUMENTS"]


def _of(module: str, names: str, *, home: str = "") -> dict[str, str]:
    return {f"{module}.{name}": f"{home or module}:{name}" for name in names.split()}


_TORCH_LAYERS = _of(
    "torch.nn",
    """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    AlphaDropout AvgPool1d AvgPool2d AvgPool3d BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU ChannelShuffle
    ConstantPad1d ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    CosineSimilarity Dropout Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag FeatureAlphaDropout Flatten
    Fold GELU GLU GRU GRUCell GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh Identity InstanceNorm1d
    InstanceNorm2d InstanceNorm3d LPPool1d LPPool2d LSTM LSTMCell LayerNorm LeakyReLU Linear LocalResponseNorm
    LogSigmoid LogSoftmax MaxPool1d MaxPool2d MaxPool3d Mish ModuleDict ModuleList MultiheadAttention PReLU
    PairwiseDistance PixelShuffle PixelUnshuffle RMSNorm RNN RNNCell RReLU ReLU ReLU6 ReflectionPad1d
    ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU Sequential SiLU Sigmoid
    Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold Transformer TransformerDecoder
    TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer Unflatten Unfold Upsample
    UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
    """,
)
_TORCH_LOSSES = _of(
    "torch.nn",
    """
    AdaptiveLogSoftmaxWithLoss BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss
    GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss
    """,
)
_TORCH_TRAINING = _of(
    "torch.optim", "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS NAdam RAdam RMSprop Rprop SGD SparseAdam"
) | _of(
    "torch.optim.lr_scheduler",
    """
    ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR ExponentialLR LinearLR MultiStepLR OneCycleLR
    PolynomialLR ReduceLROnPlateau StepLR
    """,
)
_TORCH_FUNCTIONS = _of(
    "torch",
    """
    bartlett_window blackman_window hamming_window hann_window kaiser_window relu sigmoid softmax log_softmax tanh
    bfloat16 bool float float16 float32 float64 half int int8 int16 int32 int64 long uint8
    """,
) | _of(
    "torch.nn.functional",
    "celu elu gelu glu hardtanh leaky_relu log_softmax mish relu relu6 selu sigmoid silu softmax softplus tanh",
)
_TRANSFORMS = _of(
    "sonovox.transforms",
    """
    AddNoise AmplitudeToDB BarkScale BarkSpectrogram ChromaScale ChromaSpectrogram ComplexNorm ComputeDeltas Convolve
    Deemphasis FFTConvolve Fade FrequencyMasking GriffinLim InverseBarkScale InverseMelScale InverseSpectrogram LFCC
    LogMelSpectrogram Loudness MFCC MVDR MelScale MelSpectrogram MuLawDecoding MuLawEncoding PSD PitchShift
    Preemphasis RNNTLoss RTFMVDR Resample SlidingWindowCmn SoudenMVDR SpecAugment SpectralCentroid Spectrogram Speed
    SpeedPerturbation TimeMasking TimeStretch Vad Vol
    """,
)

MODEL_NAMES: Final[Mapping[str, str]] = {
    **_TORCH_LAYERS,
    **_TORCH_LOSSES,
    **_TORCH_TRAINING,
    **_TORCH_FUNCTIONS,
    **_TRANSFORMS,
}

RECIPE_NAMES: Final[Mapping[str, str]] = _of("torch", "manual_seed")

RENAMED_ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {}
