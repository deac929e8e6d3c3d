"""Normalisation over batch, features, instances and groups, with features last.

Batch: Ioffe and Szegedy, ICML 2015. Layer: Ba, Kiros and Hinton, 2016. Instance:
Ulyanov, Vedaldi and Lempitsky, 2016. Group: Wu and He, ECCV 2018.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.input_size import resolve_input_size

__all__ = ["BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm"]


class BatchNorm1d(nn.Module):
    """Each feature of `(batch, time, features)` to mean 0 and deviation 1 over batch and time.

    Args:
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features.
        eps: added to the variance.
        momentum: weight of a batch in the running statistics.
        affine: a trained scale and shift follow.
        track_running_stats: evaluation uses running statistics, not those of the batch.
        combine_batch_time: batch and time are joined before; needed for `(batch, time, freq, channels)`, of which
            each channel is normalised.
        skip_transpose: the input is `(batch, features, time)`.

    Raises:
        ArgumentError: no size of the input.

    >>> import torch
    >>> BatchNorm1d(input_size=1, affine=False)(torch.tensor([[[1.0], [3.0]]])).round()
    tensor([[[-1.],
             [ 1.]]])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        combine_batch_time: bool = False,
        skip_transpose: bool = False,
    ) -> None:
        super().__init__()
        self.combine_batch_time = combine_batch_time
        self.skip_transpose = skip_transpose
        if input_size is None and skip_transpose and input_shape is not None:
            input_size = input_shape[1]
        size = resolve_input_size(input_size, input_shape)
        self.norm = nn.BatchNorm1d(
            size, eps=eps, momentum=momentum, affine=affine, track_running_stats=track_running_stats
        )

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`."""
        if not self.combine_batch_time:
            return self.norm(x) if self.skip_transpose else self.norm(x.transpose(1, -1)).transpose(1, -1)
        channels_last = x.transpose(1, -1) if self.skip_transpose else x
        y = self.norm(channels_last.reshape(-1, channels_last.shape[-1])).reshape(channels_last.shape)
        return y.transpose(1, -1) if self.skip_transpose else y


class BatchNorm2d(nn.Module):
    """Each channel of `(batch, time, freq, channels)` to mean 0 and deviation 1 over all other dimensions.

    Args:
        input_shape: see `BatchNorm1d`, as are the others.
        input_size: channels.

    >>> import torch
    >>> BatchNorm2d(input_size=3)(torch.zeros(2, 5, 4, 3)).shape
    torch.Size([2, 5, 4, 3])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape)
        self.norm = nn.BatchNorm2d(
            size, eps=eps, momentum=momentum, affine=affine, track_running_stats=track_running_stats
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, -1)).transpose(1, -1)


class LayerNorm(nn.Module):
    """Each frame to mean 0 and deviation 1 over its features.

    Args:
        input_size: features; None where `input_shape` is given.
        input_shape: shape of the input; all dimensions after `(batch, time)` are normalised together.
        eps: added to the variance.
        elementwise_affine: a trained scale and shift follow.

    Raises:
        ArgumentError: no size of the input.

    >>> import torch
    >>> LayerNorm(input_size=2)(torch.tensor([[[1.0, 3.0]]])).detach().round()
    tensor([[[-1.,  1.]]])
    """

    def __init__(
        self,
        input_size: int | None = None,
        input_shape: Sequence[int | None] | None = None,
        eps: float = 1e-05,
        elementwise_affine: bool = True,
    ) -> None:
        super().__init__()
        sizes = [input_size] if input_shape is None else list(input_shape[2:])
        known = [size for size in sizes if size is not None]
        if not sizes or len(known) < len(sizes):
            raise ArgumentError(
                f"the number of features must be given, got input_size={input_size}, input_shape={input_shape}",
                hint="for example input_size=40 or input_shape=[None, None, 40]",
            )
        self.norm = nn.LayerNorm(known, eps=eps, elementwise_affine=elementwise_affine)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class InstanceNorm1d(nn.Module):
    """Each feature of each item of `(batch, time, features)` to mean 0 and deviation 1 over time, padding included.

    Args:
        input_shape: see `BatchNorm1d`, as are the others.
        input_size: features.

    >>> import torch
    >>> InstanceNorm1d(input_size=1)(torch.tensor([[[1.0], [3.0]], [[7.0], [9.0]]]))[:, 0].round()
    tensor([[-1.],
            [-1.]])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        eps: float = 1e-05,
        momentum: float = 0.1,
        track_running_stats: bool = True,
        affine: bool = False,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape)
        self.norm = nn.InstanceNorm1d(
            size, eps=eps, momentum=momentum, track_running_stats=track_running_stats, affine=affine
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, -1)).transpose(1, -1)


class InstanceNorm2d(nn.Module):
    """Each channel of each item of `(batch, time, freq, channels)` to mean 0 and deviation 1.

    Args:
        input_shape: see `BatchNorm1d`, as are the others.
        input_size: channels.

    >>> import torch
    >>> InstanceNorm2d(input_size=3)(torch.zeros(2, 5, 4, 3)).shape
    torch.Size([2, 5, 4, 3])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        eps: float = 1e-05,
        momentum: float = 0.1,
        track_running_stats: bool = True,
        affine: bool = False,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape)
        self.norm = nn.InstanceNorm2d(
            size, eps=eps, momentum=momentum, track_running_stats=track_running_stats, affine=affine
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, -1)).transpose(1, -1)


class GroupNorm(nn.Module):
    """Each group of features of each item to mean 0 and deviation 1 over all other dimensions, padding included.

    Args:
        input_shape: shape of the input; None where `input_size` is given.
        input_size: features.
        num_groups: groups of neighbouring features, which it divides; each feature for itself if None.
        eps: added to the variance.
        affine: a trained scale and shift follow.

    Raises:
        ArgumentError: no size of the input.

    >>> import torch
    >>> GroupNorm(input_size=8, num_groups=2)(torch.zeros(2, 50, 8)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        input_shape: Sequence[int | None] | None = None,
        input_size: int | None = None,
        num_groups: int | None = None,
        eps: float = 1e-05,
        affine: bool = True,
    ) -> None:
        super().__init__()
        size = resolve_input_size(input_size, input_shape)
        self.norm = nn.GroupNorm(size if num_groups is None else num_groups, size, eps=eps, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, -1)).transpose(1, -1)
