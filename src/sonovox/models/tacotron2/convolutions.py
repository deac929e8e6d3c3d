"""The convolutions of Tacotron 2, before its recurrent layers and after its decoder."""

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Postnet", "convolution_norm", "run_convolutions"]


class Postnet(nn.Module):
    """What is to be added to a mel spectrogram, from five convolutions over it.

    Args:
        n_mels: bins of the spectrogram.
        embedding_dim: channels between the convolutions.
        kernel_size: taps of each, odd.
        n_convolution: convolutions.

    >>> import torch
    >>> Postnet(80, 16, 5, 5)(torch.zeros(2, 80, 50)).shape
    torch.Size([2, 80, 50])
    """

    def __init__(self, n_mels: int, embedding_dim: int, kernel_size: int, n_convolution: int) -> None:
        super().__init__()
        sizes = [n_mels, *[embedding_dim] * (n_convolution - 1), n_mels]
        gains = ["tanh"] * (n_convolution - 1) + ["linear"]
        self.convolutions = nn.ModuleList(
            convolution_norm(before, after, kernel_size, gain)
            for before, after, gain in zip(sizes[:-1], sizes[1:], gains, strict=True)
        )

    def forward(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(batch, n_mels, frames)` of such a `mel`; `mask`, `(batch, frames)`, is False where it is padded."""
        *inner, last = self.convolutions
        x = run_convolutions(inner, mel, Tensor.tanh, mask, training=self.training)
        return run_convolutions([last], x, lambda y: y, mask, training=self.training)


def convolution_norm(in_channels: int, out_channels: int, kernel_size: int, gain: str) -> nn.Sequential:
    """A convolution that keeps the number of steps, and batch normalisation; `gain` names what follows it.

    >>> import torch
    >>> convolution_norm(4, 6, 5, "relu")(torch.zeros(2, 4, 9)).shape
    torch.Size([2, 6, 9])
    """
    convolution = nn.Conv1d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
    nn.init.xavier_uniform_(convolution.weight, gain=nn.init.calculate_gain(gain))  # type: ignore[arg-type]
    return nn.Sequential(convolution, nn.BatchNorm1d(out_channels))


def run_convolutions(
    layers: Sequence[nn.Module] | nn.ModuleList,
    x: Tensor,
    activation: Callable[[Tensor], Tensor],
    mask: Tensor | None,
    *,
    training: bool,
) -> Tensor:
    """`x`, `(batch, channels, time)`, through layers with an activation and, in training, dropout of a half.

    Args:
        layers: of `convolution_norm`.
        x: see above.
        activation: after each of them.
        mask: `(batch, time)`; each layer sees zeros where it is False, as behind the end of an item that is alone.
            None lets them see what the layers before made of the padding.
        training: whether units drop out.

    >>> import torch
    >>> layers = [convolution_norm(4, 6, 5, "relu"), convolution_norm(6, 4, 5, "relu")]
    >>> run_convolutions(layers, torch.zeros(2, 4, 9), Tensor.relu, None, training=False).shape
    torch.Size([2, 4, 9])
    """
    for layer in layers:
        x = x if mask is None else x * mask.unsqueeze(1)
        x = F.dropout(activation(layer(x)), 0.5, training)
    return x
