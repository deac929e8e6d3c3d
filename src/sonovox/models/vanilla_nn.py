"""A fully connected network on each frame."""

from collections.abc import Callable, Sequence

from torch import nn

from sonovox.nn.containers import Sequential
from sonovox.nn.linear import Linear

__all__ = ["VanillaNN"]


class VanillaNN(Sequential):
    """Linear layers of one size, each with an activation.

    Args:
        input_shape: shape of the input, such as `(None, None, 40)`.
        activation: builds the activations.
        dnn_blocks: layers.
        dnn_neurons: features of each.

    >>> import torch
    >>> VanillaNN([None, None, 40], dnn_neurons=32)(torch.zeros(2, 50, 40)).shape
    torch.Size([2, 50, 32])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None],
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        dnn_blocks: int = 2,
        dnn_neurons: int = 512,
    ) -> None:
        super().__init__(input_shape=input_shape)
        for _ in range(dnn_blocks):
            self.append(Linear, n_neurons=dnn_neurons, layer_name="linear")
            self.append(activation(), layer_name="act")
