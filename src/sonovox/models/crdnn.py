"""CRDNN: a convolutional, a recurrent and a fully connected network in turn.

Sainath, Vinyals, Senior and Sak, "Convolutional, long short-term memory, fully
connected deep neural networks", ICASSP 2015; with the blocks of SpeechBrain's
recipes, of which the weights load as they are.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from sonovox.nn.containers import Sequential
from sonovox.nn.convolution import Conv2d
from sonovox.nn.dropout import Dropout2d
from sonovox.nn.ligru import LiGRU
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import BatchNorm1d, LayerNorm
from sonovox.nn.pooling import Pooling1d, Pooling2d

__all__ = ["CNN_Block", "CRDNN", "DNN_Block"]

Activation = Callable[[], nn.Module]
Shape = Sequence[int | None]


class CRDNN(Sequential):
    """Encoder of features: blocks of convolutions, recurrent layers, blocks of linear layers.

    Args:
        input_size: features; None where `input_shape` is given.
        input_shape: shape of the input, such as `(None, None, 40)`.
        activation: builds the activations.
        dropout: share that is zeroed in training, after each block and between recurrent layers.
        cnn_blocks: blocks of two convolutions; 0 for none.
        cnn_channels: channels of each block.
        cnn_kernelsize: of all convolutions.
        time_pooling: keep the maximum of every `time_pooling_size` frames after the convolutions.
        time_pooling_size: see `time_pooling`.
        freq_pooling_size: takes no effect; `inter_layer_pooling_size` pools frequency.
        rnn_class: builds the recurrent layers, such as `LiGRU`, `LSTM` or `GRU`.
        inter_layer_pooling_size: each block keeps the maximum of so many bins, and frames with `using_2d_pooling`.
        using_2d_pooling: blocks pool over time, too.
        rnn_layers: 0 for none.
        rnn_neurons: features of a state.
        rnn_bidirectional: both directions.
        rnn_re_init: orthogonal recurrent weights.
        dnn_blocks: blocks of a linear layer; 0 for none.
        dnn_neurons: features of each of them.
        projection_dim: features to which the convolutions' results are brought first; -1 for none.
        use_rnnp: a linear layer with `dnn_neurons` and a dropout follow each recurrent layer.

    Raises:
        ArgumentError: neither `input_size` nor `input_shape` is given.

    >>> import torch
    >>> model = CRDNN(input_size=40, cnn_channels=[8, 8], rnn_layers=1, rnn_neurons=16, dnn_neurons=32)
    >>> model(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 32])
    """

    def __init__(
        self,
        input_size: int | None = None,
        input_shape: Shape | None = None,
        activation: Activation = nn.LeakyReLU,
        dropout: float = 0.15,
        cnn_blocks: int = 2,
        cnn_channels: Sequence[int] = (128, 256),
        cnn_kernelsize: Sequence[int] = (3, 3),
        time_pooling: bool = False,
        time_pooling_size: int = 2,
        freq_pooling_size: int = 2,
        rnn_class: Callable[..., nn.Module] = LiGRU,
        inter_layer_pooling_size: Sequence[int] = (2, 2),
        using_2d_pooling: bool = False,
        rnn_layers: int = 4,
        rnn_neurons: int = 512,
        rnn_bidirectional: bool = True,
        rnn_re_init: bool = False,
        dnn_blocks: int = 2,
        dnn_neurons: int = 512,
        projection_dim: int = -1,
        use_rnnp: bool = False,
    ) -> None:
        if input_shape is None and input_size is not None:
            input_shape = [None, None, input_size]
        super().__init__(input_shape=input_shape)
        if cnn_blocks > 0:
            cnn = Sequential(input_shape=input_shape)
            for block in range(cnn_blocks):
                cnn.append(
                    CNN_Block,
                    channels=cnn_channels[block],
                    kernel_size=cnn_kernelsize,
                    activation=activation,
                    using_2d_pool=using_2d_pooling,
                    pooling_size=inter_layer_pooling_size[block],
                    dropout=dropout,
                    layer_name=f"block_{block}",
                )
            self.append(cnn, layer_name="CNN")
        if time_pooling:
            dims = 4 if cnn_blocks else 3
            pooling = Pooling1d("max", kernel_size=time_pooling_size, input_dims=dims, pool_axis=1)
            self.append(pooling, layer_name="time_pooling")
        if projection_dim != -1:
            projection = Sequential(input_shape=self.get_output_shape())
            projection.append(Linear, n_neurons=projection_dim, combine_dims=True, layer_name="linear")
            projection.append(LayerNorm, layer_name="norm")
            projection.append(activation(), layer_name="act")
            self.append(projection, layer_name="projection")
        if rnn_layers > 0:
            recurrent = {"hidden_size": rnn_neurons, "bidirectional": rnn_bidirectional, "re_init": rnn_re_init}
            if use_rnnp:
                self._append_projected_rnn(rnn_class, rnn_layers, dnn_neurons, dropout, recurrent)
            else:
                self.append(rnn_class, num_layers=rnn_layers, dropout=dropout, layer_name="RNN", **recurrent)
        if dnn_blocks > 0:
            dnn = Sequential(input_shape=self.get_output_shape())
            for block in range(dnn_blocks):
                dnn.append(
                    DNN_Block,
                    neurons=dnn_neurons,
                    activation=activation,
                    dropout=dropout,
                    layer_name=f"block_{block}",
                )
            self.append(dnn, layer_name="DNN")

    def _append_projected_rnn(
        self, rnn_class: Callable[..., nn.Module], layers: int, neurons: int, dropout: float, recurrent: dict[str, Any]
    ) -> None:
        # SpeechBrain's names, for the weights: an empty container "RNN", and the layers by their place.
        self.append(Sequential(input_shape=self.get_output_shape()), layer_name="RNN")
        for _ in range(layers):
            self.append(rnn_class, num_layers=1, **recurrent)
            self.append(Linear, n_neurons=neurons, combine_dims=True)
            self.append(nn.Dropout(dropout))


class CNN_Block(Sequential):  # noqa: N801 - the name in model folders
    """Two convolutions with layer normalisation, a maximum over neighbouring bins, dropout of channels.

    Args:
        input_shape: shape of the input, such as `(None, None, 40)`.
        channels: of both convolutions.
        kernel_size: of both convolutions.
        activation: builds the activations.
        using_2d_pool: the maximum is over `pooling_size` frames, too.
        pooling_size: bins of which the maximum is kept.
        dropout: share of the channels that is zeroed in training.

    >>> import torch
    >>> CNN_Block([None, None, 40], channels=8)(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 20, 8])
    """

    def __init__(
        self,
        input_shape: Shape,
        channels: int,
        kernel_size: Sequence[int] = (3, 3),
        activation: Activation = nn.LeakyReLU,
        using_2d_pool: bool = False,
        pooling_size: int = 2,
        dropout: float = 0.15,
    ) -> None:
        super().__init__(input_shape=input_shape)
        for number in (1, 2):
            self.append(Conv2d, out_channels=channels, kernel_size=kernel_size, layer_name=f"conv_{number}")
            self.append(LayerNorm, layer_name=f"norm_{number}")
            self.append(activation(), layer_name=f"act_{number}")
        if using_2d_pool:
            pooling: nn.Module = Pooling2d("max", (pooling_size, pooling_size), pool_axis=(1, 2))
        else:
            pooling = Pooling1d("max", kernel_size=pooling_size, input_dims=4, pool_axis=2)
        self.append(pooling, layer_name="pooling")
        self.append(Dropout2d(dropout), layer_name="drop")


class DNN_Block(Sequential):  # noqa: N801 - the name in model folders
    """A linear layer with batch normalisation and dropout.

    Args:
        input_shape: shape of the input, such as `(None, None, 40)`.
        neurons: features of the result.
        activation: builds the activation.
        dropout: share that is zeroed in training.

    >>> import torch
    >>> DNN_Block([None, None, 40], neurons=8)(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self, input_shape: Shape, neurons: int, activation: Activation = nn.LeakyReLU, dropout: float = 0.15
    ) -> None:
        super().__init__(input_shape=input_shape)
        self.append(Linear, n_neurons=neurons, layer_name="linear")
        self.append(BatchNorm1d, layer_name="norm")
        self.append(activation(), layer_name="act")
        self.append(nn.Dropout(dropout), layer_name="dropout")
