"""Conv-TasNet: sources told apart by masks on a learned basis, from dilated convolutions.

Luo and Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for
speech separation", TASLP 2019. As in SpeechBrain, of which the weights load as they are,
blocks have no paths that skip all later ones, and convolutions pad by reflection.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.nn.containers import Sequential
from sonovox.nn.convolution import Conv1d
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import BatchNorm1d

__all__ = ["Decoder", "Encoder", "MaskNet"]


class Encoder(nn.Module):
    """Coefficients of windows that overlap by half.

    Args:
        L: samples of a window, even.
        N: coefficients of each.

    >>> Encoder(16, 64)(torch.zeros(2, 1600)).shape
    torch.Size([2, 201, 64])
    """

    def __init__(self, L: int, N: int) -> None:  # noqa: N803 - the paper's letters
        super().__init__()
        self.conv1d_U = Conv1d(N, L, in_channels=1, stride=L // 2, bias=False)

    def forward(self, mixture: Tensor) -> Tensor:
        """`(batch, frames, N)`, not negative, of `mixture`, `(batch, time)`; the first is centred on its beginning."""
        return self.conv1d_U(mixture.unsqueeze(-1)).relu()


class Decoder(nn.Module):
    """Waveforms of masked coefficients: a window of samples for each frame, which overlap and add.

    Args:
        L: samples of a window, even.
        N: coefficients of each.

    >>> Decoder(16, 64)(torch.zeros(2, 99, 64), torch.zeros(2, 99, 3, 64)).shape
    torch.Size([2, 800, 3])
    """

    def __init__(self, L: int, N: int) -> None:  # noqa: N803 - the paper's letters
        super().__init__()
        self.hop = L // 2
        self.basis_signals = Linear(L, input_size=N, bias=False)

    def forward(self, mixture_w: Tensor, est_mask: Tensor) -> Tensor:
        """`(batch, time, sources)`, of `(frames + 1) L / 2` samples.

        Args:
            mixture_w: `(batch, frames, N)`.
            est_mask: `(batch, frames, sources, N)`.
        """
        windows = self.basis_signals(mixture_w.unsqueeze(2) * est_mask).transpose(1, 2)  # (batch, sources, frames, L)
        first, second = windows.split(self.hop, dim=-1)
        ahead = nn.functional.pad(first, (0, 0, 0, 1)) + nn.functional.pad(second, (0, 0, 1, 0))
        return ahead.flatten(2).transpose(1, 2)


class MaskNet(nn.Module):
    """Masks for the sources: `R` times `X` blocks, of which each sees twice as far as the one before.

    Args:
        N: coefficients of the encoder.
        B: channels between the blocks.
        H: channels within the blocks.
        P: taps of their convolutions.
        X: blocks of a repeat.
        R: repeats.
        C: sources.
        norm_type: `"gLN"`, over channels and time of an item; `"cLN"`, over the channels of each step; `"BN"`, each
            channel over the batch.
        causal: no step sees what comes after it; with a `norm_type` for which this is true. As in SpeechBrain the
            convolutions come late, too, by half of what they see: trained weights expect it.
        mask_nonlinear: `"relu"`; or `"softmax"`, over the coefficients of each source, as in SpeechBrain, with which
            weights were trained. (In the paper it is over the sources.)

    Raises:
        ChoiceError: another `norm_type` or `mask_nonlinear`.

    >>> MaskNet(N=16, B=8, H=12, P=3, X=2, R=2, C=3)(torch.zeros(2, 16, 99)).shape
    torch.Size([3, 2, 16, 99])
    """

    def __init__(
        self,
        N: int,  # noqa: N803 - the paper's letters
        B: int,  # noqa: N803
        H: int,  # noqa: N803
        P: int,  # noqa: N803
        X: int,  # noqa: N803
        R: int,  # noqa: N803
        C: int,  # noqa: N803
        norm_type: str = "gLN",
        causal: bool = False,
        mask_nonlinear: str = "relu",
    ) -> None:
        super().__init__()
        check_choice("norm_type", norm_type, ["gLN", "cLN", "BN"])
        check_choice("mask_nonlinear", mask_nonlinear, ["relu", "softmax"])
        self.C = C
        self.mask_nonlinear = mask_nonlinear
        self.layer_norm = _ScaledNorm(N, dims=(2,))
        self.bottleneck_conv1x1 = Conv1d(B, 1, in_channels=N, bias=False)
        blocks = {
            f"temporalblock_{repeat}_{number}": _TemporalBlock(B, H, P, 2**number, norm_type, causal)
            for repeat in range(R)
            for number in range(X)
        }
        self.temporal_conv_net = Sequential(input_shape=[None, None, B], **blocks)
        self.mask_conv1x1 = Conv1d(C * N, 1, in_channels=B, bias=False)

    def forward(self, mixture_w: Tensor) -> Tensor:
        """`(C, batch, N, frames)`, not negative, of `mixture_w`, `(batch, N, frames)`."""
        x = self.bottleneck_conv1x1(self.layer_norm(mixture_w.transpose(1, 2)))  # (batch, frames, B)
        scores = self.mask_conv1x1(self.temporal_conv_net(x))  # (batch, frames, C * N)
        scores = scores.unflatten(2, (self.C, -1)).permute(2, 0, 3, 1)
        return scores.softmax(dim=2) if self.mask_nonlinear == "softmax" else scores.relu()


class _TemporalBlock(nn.Module):
    """Up to the channels within, a convolution of each channel for itself, and back; the input is added."""

    def __init__(self, channels: int, inner: int, kernel_size: int, dilation: int, norm_type: str, causal: bool):
        super().__init__()
        late = dilation * (kernel_size - 1) // 2 if causal else 0
        separable = Sequential(
            conv_0=Conv1d(
                inner,
                kernel_size,
                in_channels=inner,
                dilation=dilation,
                padding="causal" if causal else "same",
                groups=inner,
                bias=False,
                default_padding=late,
            ),
            chomp=_WithoutEnd(2 * late),
            act=nn.PReLU(),
            act_0=_norm(norm_type, inner),
            conv_1=Conv1d(channels, 1, in_channels=inner, bias=False),
        )
        self.layers = Sequential(
            conv=Conv1d(inner, 1, in_channels=channels, bias=False),
            act=nn.PReLU(),
            norm=_norm(norm_type, inner),
            DSconv=separable,
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class _WithoutEnd(nn.Module):
    """`(batch, time, channels)` without so many of the last steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Tensor) -> Tensor:
        return x[:, : x.shape[1] - self.steps]


class _ScaledNorm(nn.Module):
    """`(batch, time, channels)` to mean 0 and deviation 1 over some dimensions, with a scale and shift of channels."""

    eps = 1e-8

    def __init__(self, channels: int, dims: tuple[int, ...]) -> None:
        super().__init__()
        self.dims = dims
        self.gamma = nn.Parameter(torch.ones(1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, self.dims, correction=0, keepdim=True)
        return self.gamma * (x - mean) / (variance + self.eps).sqrt() + self.beta


def _norm(norm_type: str, channels: int) -> nn.Module:
    if norm_type == "BN":
        return BatchNorm1d(input_size=channels)
    return _ScaledNorm(channels, dims=(1, 2) if norm_type == "gLN" else (2,))
