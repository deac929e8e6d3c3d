"""Overlap-add: signals of frames that overlap, the way back from `frames`.

Frames are cut into pieces of one hop, and the signal is the sum of the pieces
shifted by a hop each: a handful of additions of whole tensors. A building block
of `dsp`, not part of its faces.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox._kernels.overlap_add import overlap_add_spectra
from sonovox.dsp.eager import can_reuse_buffers, in_plain_eager, over_frames

__all__ = ["overlap_add", "signal_of_spectra", "squared_envelope"]

# Below this the windows tell nothing about a sample; torch.istft's bound.
SMALLEST_ENVELOPE = 1e-11


def overlap_add(frames: Tensor, hop_length: int) -> Tensor:
    """The sum of frames `(..., frames, n)`, each `hop_length` after the one before.

    Returns:
        `(..., (frames - 1) * hop_length + n)`, rounded up to a multiple of the hop: at the end are zeros.

    >>> overlap_add(torch.ones(3, 4), 2)
    tensor([1., 1., 2., 2., 2., 2., 1., 1.])
    """
    count, n = frames.shape[-2:]
    overlap = -(-n // hop_length)
    missing = overlap * hop_length - n
    pieces = (F.pad(frames, (0, missing)) if missing else frames).unflatten(-1, (overlap, hop_length))
    # (..., frames, overlap, hop) -> (..., frames + overlap - 1, hop)
    summed = F.pad(pieces[..., 0, :], (0, 0, 0, overlap - 1))
    reuse = can_reuse_buffers(frames)
    for shift in range(1, overlap):
        if reuse:
            summed[..., shift : shift + count, :].add_(pieces[..., shift, :])
        else:
            summed = summed + F.pad(pieces[..., shift, :], (0, 0, shift, overlap - 1 - shift))
    return summed.reshape(*frames.shape[:-2], (count + overlap - 1) * hop_length)


def squared_envelope(window: Tensor, count: int, hop_length: int) -> Tensor:
    """What `count` frames of the squared window sum to at each sample: the length is that of `overlap_add`.

    >>> squared_envelope(torch.ones(4), 3, 2)
    tensor([1., 1., 2., 2., 2., 2., 1., 1.])
    """
    return overlap_add(window.square().expand(count, -1), hop_length)


def signal_of_spectra(
    spectra: Tensor,
    window: Tensor,
    hop_length: int,
    *,
    center: bool = True,
    length: int | None = None,
) -> Tensor:
    """The signal whose windowed frames are nearest, in the least squares, to those of the spectra.

    Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
    IEEE Trans. ASSP 32, 1984, eq. 6.

    Args:
        spectra: complex, `(..., frames, n_fft // 2 + 1)`.
        window: `(n_fft,)`, as `analysis_window` makes it.
        hop_length: from one frame to the next, in samples.
        center: frame k stands around sample `k * hop_length`.
        length: of the signal, in samples; what the frames cover if None. Beyond that it is zero.

    Raises:
        ArgumentError: samples that no window covers.

    >>> spectra = torch.fft.rfft(torch.arange(8.0).unfold(0, 4, 2))
    >>> signal_of_spectra(spectra, torch.ones(4), 2, center=False).round()
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    n_fft, count = len(window), spectra.shape[-2]
    window = window.to(spectra.real.dtype)
    reuse = can_reuse_buffers(spectra, window)
    summed = overlap_add_spectra(spectra, window, hop_length) if reuse else None
    if summed is None:
        frames = over_frames(lambda part: torch.fft.irfft(part, n=n_fft), spectra)
        summed = overlap_add(frames.mul_(window) if reuse else frames * window, hop_length)
    start = n_fft // 2 if center else 0
    covered = (count - 1) * hop_length + n_fft - 2 * start
    wanted = covered if length is None else length
    # Samples behind the last centre are told by half a window only, yet they are told.
    kept = min(wanted, covered + start)
    summed = summed.narrow(-1, start, kept)
    envelope = squared_envelope(window, count, hop_length).narrow(-1, start, kept)
    if in_plain_eager() and not bool((envelope > SMALLEST_ENVELOPE).all()):
        raise ArgumentError(
            f"windows of {n_fft} samples every hop_length={hop_length} leave samples that none of them covers",
            hint="lower hop_length, or use a window without zeros",
        )
    scale = envelope.clamp(min=SMALLEST_ENVELOPE).reciprocal()
    signal = summed.mul_(scale) if reuse else summed * scale
    return F.pad(signal, (0, wanted - kept)) if length is not None else signal
