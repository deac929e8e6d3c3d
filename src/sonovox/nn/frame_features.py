"""What is computed of the features of frames: cosine transform, slopes in time, neighbouring frames.

Features are `(batch, frames, features)`; channels may follow.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.dsp.deltas import compute_deltas
from sonovox.dsp.mfcc import create_dct
from sonovox.nn.foreign_state import ignore_on_load

__all__ = ["ContextWindow", "DCT", "Deltas"]


class DCT(nn.Module):
    """Discrete cosine transform of type 2 over the features.

    Args:
        input_size: features.
        n_out: coefficients, at most `input_size`.
        ortho_norm: columns of unit length; otherwise twice the cosine.

    >>> import torch
    >>> DCT(input_size=4, n_out=2)(torch.ones(1, 1, 4))
    tensor([[[2., 0.]]])
    """

    dct_mat: Tensor

    def __init__(self, input_size: int, n_out: int = 20, ortho_norm: bool = True) -> None:
        super().__init__()
        self.input_size = input_size
        self.n_out = n_out
        self.ortho_norm = ortho_norm
        matrix = create_dct(n_out, input_size, "ortho" if ortho_norm else None)
        self.register_buffer("dct_mat", matrix, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, frames, n_out)`."""
        if x.dim() == 4:
            return (x.transpose(-1, -2) @ self.dct_mat).transpose(-1, -2)
        return x @ self.dct_mat

    def extra_repr(self) -> str:
        return f"input_size={self.input_size}, n_out={self.n_out}"


class Deltas(nn.Module):
    """Slope of each feature over time, see `dsp.deltas.compute_deltas`.

    Args:
        input_size: features.
        window_length: frames that a line is fitted to, odd.

    >>> import torch
    >>> Deltas(input_size=1)(torch.tensor([[[0.0], [2.0], [4.0]]]))[0, :, 0]
    tensor([1.0000, 1.2000, 1.0000])
    """

    def __init__(self, input_size: int, window_length: int = 5) -> None:
        super().__init__()
        self.input_size = input_size
        self.window_length = window_length
        ignore_on_load(self, "kernel")

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`."""
        return compute_deltas(x.transpose(1, -1), self.window_length).transpose(1, -1)

    def extra_repr(self) -> str:
        return f"input_size={self.input_size}, window_length={self.window_length}"


class ContextWindow(nn.Module):
    """Each frame with its neighbours, zeros beyond the ends.

    Args:
        left_frames: before it.
        right_frames: after it.

    >>> import torch
    >>> ContextWindow(1, 1)(torch.tensor([[[1.0], [2.0], [3.0]]]))
    tensor([[[0., 1., 2.],
             [1., 2., 3.],
             [2., 3., 0.]]])
    """

    def __init__(self, left_frames: int = 0, right_frames: int = 0) -> None:
        super().__init__()
        self.left_frames = left_frames
        self.right_frames = right_frames

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, frames, features * (left_frames + 1 + right_frames))`: each feature's frames side by side."""
        ends = (0, 0) * (x.dim() - 2) + (self.left_frames, self.right_frames)
        windows = F.pad(x, ends).unfold(1, self.left_frames + 1 + self.right_frames, 1)
        # (batch, frames, features[, channels], window): the window joins its feature
        return windows.movedim(-1, 3).flatten(2, 3)

    def extra_repr(self) -> str:
        return f"left_frames={self.left_frames}, right_frames={self.right_frames}"
