"""Frames of a signal as Kaldi prepares them for the transform, in buffers and without derivatives.

    d[n] = x[n] - mean,    y[n] = (d[n] - c d[n-1]) w[n],    d[-1] = d[0]

`kaldi_frames.c` makes one pass over each frame while it lies in the first cache;
`prepare_in_passes`, its torch reference, one for each operation. Derivatives
are the business of the plain path of `dsp.kaldi.spectra`.
"""

from ctypes import c_double, c_int, c_int64, c_void_p

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["prepare_frames", "prepare_in_passes"]


def prepare_frames(
    frames: Tensor,
    window: Tensor,
    preemphasis: float,
    ready: Tensor,
    energy: Tensor | None = None,
    *,
    remove_mean: bool = True,
    raw_energy: bool = True,
) -> None:
    """Write prepared frames to `ready`, and their energies to `energy`.

    Args:
        frames: `(rows, frames, size)`, float32 or float64, on a CPU; may overlap.
        window: `(size,)`.
        preemphasis: c of the equation.
        ready: `(rows, frames, size)`, where the results go.
        energy: `(rows, frames, 1)`, or None if it is not wanted.
        remove_mean: whether the mean of each frame is taken away.
        raw_energy: of d, otherwise of y.

    >>> ready, energy = torch.empty(1, 1, 3), torch.empty(1, 1, 1)
    >>> prepare_frames(torch.tensor([[[1.0, 2.0, 6.0]]]), torch.ones(3), 0.5, ready, energy)
    >>> ready, energy
    (tensor([[[-1.0000,  0.0000,  3.5000]]]), tensor([[[14.]]]))
    """
    library = kernels().library
    plain = all(tensor.dtype == torch.float32 and tensor.stride(-1) == 1 for tensor in (frames, window, ready))
    if library is None or not plain:
        prepare_in_passes(frames, window, preemphasis, ready, energy, remove_mean=remove_mean, raw_energy=raw_energy)
        return
    sizes = [c_int64(size) for size in (*frames.shape[1:], frames.stride(1), ready.stride(1))]
    flags = c_double(preemphasis), c_int(remove_mean), c_int(raw_energy)
    sums = None if energy is None else energy.new_empty(frames.shape[:2])
    for row in range(len(frames)):
        addresses = [c_void_p(tensor.data_ptr()) for tensor in (frames[row], ready[row], window)]
        addresses.append(c_void_p(None if sums is None else sums[row].data_ptr()))
        library.sonovox_kaldi_frames(*addresses, *sizes, *flags)
    if energy is not None and sums is not None:
        energy.copy_(sums.unsqueeze(-1))


def prepare_in_passes(
    frames: Tensor,
    window: Tensor,
    preemphasis: float,
    ready: Tensor,
    energy: Tensor | None = None,
    *,
    remove_mean: bool = True,
    raw_energy: bool = True,
) -> None:
    """The reference of the kernel; arguments as in `prepare_frames`.

    >>> ready = torch.empty(1, 1, 3)
    >>> prepare_in_passes(torch.tensor([[[1.0, 2.0, 6.0]]]), torch.ones(3), 0.5, ready)
    >>> ready
    tensor([[[-1.0000,  0.0000,  3.5000]]])
    """
    centered = frames - frames.mean(dim=-1, keepdim=True) if remove_mean else frames
    torch.sub(centered[..., 1:], centered[..., :-1], alpha=preemphasis, out=ready[..., 1:])
    torch.sub(centered[..., :1], centered[..., :1], alpha=preemphasis, out=ready[..., :1])
    ready.mul_(window)
    if energy is not None:
        energy.copy_((centered if raw_energy else ready).square().sum(-1, keepdim=True))
