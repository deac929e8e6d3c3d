"""The names of torch that a YAML file may use; `names.py` has all others, and says what belongs into a table."""

from typing import Final

__all__ = ["TORCH_NAMES", "named"]


def named(module: str, names: str, *, home: str = "") -> dict[str, str]:
    """Entries of a table.

    Args:
        module: before the names, as the YAML writes them.
        names: in `module`, with spaces between them.
        home: the module where they are, if it is another one.

    >>> named("speechbrain.nnet.linear", "Linear", home="sonovox.nn")
    {'speechbrain.nnet.linear.Linear': 'sonovox.nn:Linear'}
    """
    return {f"{module}.{name}": f"{home or module}:{name}" for name in names.split()}


_TORCH_LAYERS = named(
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
_TORCH_LOSSES = named(
    "torch.nn",
    """
    AdaptiveLogSoftmaxWithLoss BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss
    GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss
    """,
)
_TORCH_TRAINING = named(
    "torch.optim", "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS NAdam RAdam RMSprop Rprop SGD SparseAdam"
) | named(
    "torch.optim.lr_scheduler",
    """
    ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR ExponentialLR LinearLR MultiStepLR OneCycleLR
    PolynomialLR ReduceLROnPlateau StepLR
    """,
)
_TORCH_FUNCTIONS = named(
    "torch",
    """
    bartlett_window blackman_window hamming_window hann_window kaiser_window relu sigmoid softmax log_softmax tanh
    bfloat16 bool float float16 float32 float64 half int int8 int16 int32 int64 long uint8
    """,
) | named(
    "torch.nn.functional",
    "celu elu gelu glu hardtanh leaky_relu log_softmax mish relu relu6 selu sigmoid silu softmax softplus tanh",
)

TORCH_NAMES: Final = _TORCH_LAYERS | _TORCH_LOSSES | _TORCH_TRAINING | _TORCH_FUNCTIONS
