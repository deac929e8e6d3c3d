"""Speech without its noise by a wide residual network that finds a mask for the spectrum.

Plantinga, Bagchi and Fosler-Lussier, "Perceptual loss with recognition model for single-channel
enhancement and robust ASR", 2021, section 3; squeeze and excitation: Hu et al., CVPR 2018. The
weights of SpeechBrain load as they are.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sonovox.nn.containers import Sequential
from sonovox.nn.convolution import Conv2d
from sonovox.nn.dropout import Dropout2d
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import BatchNorm2d, LayerNorm
from sonovox.nn.stft import ISTFT, STFT, spectral_magnitude

__all__ = ["ConvBlock", "EnhanceResnet", "SEblock"]


class SEblock(nn.Module):
    """A gain for each channel, 0 to 1, from its mean over time and frequency.

    Args:
        input_size: channels.

    >>> SEblock(256)(torch.rand(10, 20, 30, 256)).shape
    torch.Size([10, 1, 1, 256])
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.linear1 = Linear(input_size, input_size=input_size)
        self.linear2 = Linear(input_size, input_size=input_size)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, 1, 1, channels)` of `x`, `(batch, time, freq, channels)`."""
        means = x.mean(dim=(1, 2), keepdim=True)
        return self.linear2(self.linear1(means).relu()).sigmoid()


class ConvBlock(nn.Module):
    """Half the frequencies, and to that two convolutions, weighted by `SEblock`.

    Args:
        input_shape: shape of the input, channels last.
        channels: of the result.
        activation: before each of the two convolutions.
        normalization: builds the norm after it, of `input_size` channels.
        dropout: share of the channels that is zeroed in training, after each norm.

    >>> ConvBlock([10, 20, 30, 128], channels=256, normalization=BatchNorm2d)(torch.rand(10, 20, 30, 128)).shape
    torch.Size([10, 20, 15, 256])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None],
        channels: int,
        activation: nn.Module | None = None,
        normalization: Callable[..., nn.Module] = LayerNorm,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.activation = nn.GELU() if activation is None else activation
        self.downsample = Conv2d(channels, 3, input_shape=input_shape, stride=(2, 1))
        self.conv1 = Conv2d(channels, 3, in_channels=channels)
        self.norm1 = normalization(input_size=channels)
        self.conv2 = Conv2d(channels, 3, in_channels=channels)
        self.norm2 = normalization(input_size=channels)
        self.dropout = Dropout2d(dropout)
        self.se_block = SEblock(channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, ceil(freq / 2), channels)` of `x`, `(batch, time, freq, channels)`."""
        x = self.downsample(x)
        residual = self.conv1(self.dropout(self.norm1(self.activation(x))))
        residual = self.conv2(self.dropout(self.norm2(self.activation(residual))))
        return x + residual * self.se_block(residual)


class EnhanceResnet(nn.Module):
    """Waveforms without noise, and their features.

    Args:
        n_fft: points of the Fourier transform.
        win_length: of its windows, in ms.
        hop_length: from one to the next, in ms.
        sample_rate: in Hz.
        channel_counts: of each block of convolutions.
        dense_count: linear layers after them.
        dense_nodes: features of each.
        activation: of all blocks and layers; GELU if None.
        normalization: builds the norms of the blocks.
        dropout: of blocks and layers, in training.
        mask_weight: share of the masked spectrum in the result; the rest is the noisy one.

    >>> model = EnhanceResnet(channel_counts=[4, 4], dense_nodes=8)
    >>> enhanced, features = model(torch.rand(10, 16000))
    >>> enhanced.shape, features.shape
    (torch.Size([10, 15872]), torch.Size([10, 63, 257]))
    """

    def __init__(
        self,
        n_fft: int = 512,
        win_length: float = 32,
        hop_length: float = 16,
        sample_rate: int = 16000,
        channel_counts: Sequence[int] = (128, 128, 256, 256, 512, 512),
        dense_count: int = 2,
        dense_nodes: int = 1024,
        activation: nn.Module | None = None,
        normalization: Callable[..., nn.Module] = BatchNorm2d,
        dropout: float = 0.1,
        mask_weight: float = 0.99,
    ) -> None:
        super().__init__()
        bins = n_fft // 2 + 1
        activation = nn.GELU() if activation is None else activation
        self.mask_weight = mask_weight
        self.stft = STFT(sample_rate, win_length, hop_length, n_fft)
        self.CNN = Sequential(input_shape=[None, None, bins])
        for channels in channel_counts:
            self.CNN.append(
                ConvBlock, channels=channels, activation=activation, normalization=normalization, dropout=dropout
            )
        self.DNN = Sequential(input_shape=self.CNN.get_output_shape())
        for _ in range(dense_count):
            self.DNN.append(Linear, n_neurons=dense_nodes, combine_dims=True)
            self.DNN.append(activation)
            self.DNN.append(LayerNorm)
            self.DNN.append(nn.Dropout(dropout))
        self.DNN.append(Linear, n_neurons=bins)
        self.istft = ISTFT(sample_rate, n_fft, win_length, hop_length)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Waveforms and features of these, `(batch, time)` and `(batch, frames, bins)`.

        Args:
            x: `(batch, time)`, the noisy waveforms. The result ends with their last whole hop.
        """
        noisy = self.stft(x)  # (batch, frames, bins, 2)
        mask = self.DNN(self.CNN(self.extract_feats(noisy))).clamp(0, 1).unsqueeze(-1)
        enhanced = (self.mask_weight * mask + (1 - self.mask_weight)) * noisy
        return self.istft(enhanced), self.extract_feats(enhanced)

    def extract_feats(self, x: Tensor) -> Tensor:
        """The logarithm of 1 + magnitude, `(batch, frames, bins)`, of a spectrum `(batch, frames, bins, 2)`."""
        return torch.log1p(spectral_magnitude(x, power=0.5))
