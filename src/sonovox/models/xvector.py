"""x-vectors: embeddings of speakers from a time-delay network, with two classifiers of them.

Snyder, Garcia-Romero, Sell, Povey and Khudanpur, "X-vectors: robust DNN embeddings
for speaker recognition", ICASSP 2018. As in SpeechBrain, of which the weights load as
they are, convolutions keep the number of frames, and normalisation follows activation.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.nn.activations import Softmax
from sonovox.nn.containers import Sequential
from sonovox.nn.convolution import Conv1d
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import BatchNorm1d
from sonovox.nn.pooling import StatisticsPooling

__all__ = ["Classifier", "Discriminator", "Xvector"]

Activation = Callable[[], nn.Module]


class Xvector(nn.Module):
    """Embedding of the speaker of each item: convolutions, statistics over time, a linear layer.

    Args:
        device: of the weights.
        activation: builds the activations.
        tdnn_blocks: convolutions.
        tdnn_channels: of each of them, as are `tdnn_kernel_sizes` and `tdnn_dilations`.
        tdnn_kernel_sizes: see `tdnn_channels`.
        tdnn_dilations: see `tdnn_channels`.
        lin_neurons: features of the embedding.
        in_channels: features of a frame.
        ignore_padding: see `ECAPA_TDNN`.

    Raises:
        ArgumentError: fewer channels, kernel sizes or dilations than `tdnn_blocks`.

    >>> model = Xvector(tdnn_channels=[16, 16, 16, 16, 48], lin_neurons=24)
    >>> model(torch.zeros(2, 50, 40), lens=torch.tensor([1.0, 0.5])).shape
    torch.Size([2, 1, 24])
    """

    def __init__(
        self,
        device: torch.device | str = "cpu",
        activation: Activation = nn.LeakyReLU,
        tdnn_blocks: int = 5,
        tdnn_channels: Sequence[int] = (512, 512, 512, 512, 1500),
        tdnn_kernel_sizes: Sequence[int] = (5, 3, 3, 1, 1),
        tdnn_dilations: Sequence[int] = (1, 2, 3, 1, 1),
        lin_neurons: int = 512,
        in_channels: int = 40,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        sizes = [len(tdnn_channels), len(tdnn_kernel_sizes), len(tdnn_dilations)]
        if min(sizes) < tdnn_blocks:
            raise ArgumentError(
                f"tdnn_channels, tdnn_kernel_sizes and tdnn_dilations must have tdnn_blocks={tdnn_blocks} entries, "
                f"got {', '.join(map(str, sizes))}"
            )
        self.ignore_padding = ignore_padding
        self.blocks = nn.ModuleList()
        for block in range(tdnn_blocks):
            channels = tdnn_channels[block]
            convolution = Conv1d(
                channels, tdnn_kernel_sizes[block], in_channels=in_channels, dilation=tdnn_dilations[block]
            )
            self.blocks.extend([convolution, activation(), BatchNorm1d(input_size=channels)])
            in_channels = channels
        self.blocks.extend([StatisticsPooling(), Linear(lin_neurons, input_size=2 * in_channels)])
        self.to(device)

    def forward(self, x: Tensor, lens: Tensor | None = None) -> Tensor:
        """`(batch, 1, lin_neurons)`.

        Args:
            x: `(batch, time, in_channels)`.
            lens: shares of the longest item, `(batch,)`.
        """
        counts = None
        if self.ignore_padding and lens is not None:
            counts = lengths_to_counts(lens.to(x.device), x.shape[1]).clamp(min=1)
        for layer in self.blocks:
            if isinstance(layer, Conv1d):
                x = layer(x, counts)
            elif isinstance(layer, StatisticsPooling):
                x = layer(x, lens)
            else:
                x = layer(x)
        return x


class Classifier(Sequential):
    """Logarithms of the probabilities of classes, of embeddings.

    Args:
        input_shape: of the embeddings, such as `(None, None, 512)`.
        activation: builds the activations.
        lin_blocks: blocks of a linear layer.
        lin_neurons: features of each of them.
        out_neurons: classes.

    >>> scores = Classifier([None, None, 24], lin_neurons=16, out_neurons=10)(torch.zeros(2, 1, 24))
    >>> scores.shape, bool((scores.exp().sum(dim=2) - 1).abs().max() < 1e-5)
    (torch.Size([2, 1, 10]), True)
    """

    def __init__(
        self,
        input_shape: Sequence[int | None],
        activation: Activation = nn.LeakyReLU,
        lin_blocks: int = 1,
        lin_neurons: int = 512,
        out_neurons: int = 1211,
    ) -> None:
        super().__init__(input_shape=input_shape)
        self.append(activation(), layer_name="act")
        self.append(BatchNorm1d, layer_name="norm")
        if lin_blocks > 0:
            dnn = Sequential(input_shape=self.get_output_shape())
            for number in range(lin_blocks):
                block = Sequential(input_shape=dnn.get_output_shape())
                block.append(Linear, n_neurons=lin_neurons, layer_name="linear")
                block.append(activation(), layer_name="act")
                block.append(BatchNorm1d, layer_name="norm")
                dnn.append(block, layer_name=f"block_{number}")
            self.append(dnn, layer_name="DNN")
        self.append(Linear, n_neurons=out_neurons, layer_name="out")
        self.append(Softmax(apply_log=True), layer_name="softmax")


class Discriminator(Sequential):
    """Scores of embeddings, not normalised: what tells kinds of embeddings apart in adversarial training.

    Args:
        input_shape: see `Classifier`, as are the others.
        out_neurons: scores.

    >>> Discriminator([None, None, 24], lin_neurons=16)(torch.zeros(2, 1, 24)).shape
    torch.Size([2, 1, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None],
        activation: Activation = nn.LeakyReLU,
        lin_blocks: int = 1,
        lin_neurons: int = 512,
        out_neurons: int = 1,
    ) -> None:
        super().__init__(input_shape=input_shape)
        if lin_blocks > 0:
            dnn = Sequential(input_shape=input_shape)
            for number in range(lin_blocks):
                block = Sequential(input_shape=dnn.get_output_shape())
                block.append(Linear, n_neurons=lin_neurons, layer_name="linear")
                block.append(BatchNorm1d, layer_name="norm")
                block.append(activation(), layer_name="act")
                dnn.append(block, layer_name=f"block_{number}")
            self.append(dnn, layer_name="DNN")
        self.append(Linear, n_neurons=out_neurons, layer_name="out")
