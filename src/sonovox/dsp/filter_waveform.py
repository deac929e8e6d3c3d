"""Filtering by impulse responses that change in time, one after the other along the signal.

Oppenheim and Schafer, "Discrete-Time Signal Processing", section 8.7.3: each part
of the signal is convolved with its own response, and the tails are added over
the next parts.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import first_samples
from sonovox.dsp.overlap_add import overlap_add

__all__ = ["filter_waveform"]


def filter_waveform(waveform: Tensor, kernels: Tensor, delay_compensation: int = -1) -> Tensor:
    """Filter equal parts of each signal by one kernel each.

    Args:
        waveform: `(..., time)`, floating point.
        kernels: `(filters, taps)`, impulse responses for the first part to the last; or `(..., filters, taps)`
            with a set for each signal, broadcast over the leading dimensions of `waveform`.
        delay_compensation: samples to cut at the beginning, at most `taps - 1`; -1 for `taps // 2`,
            the delay of a symmetric kernel.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: kernels without two dimensions or without taps, a delay beyond the kernel, integers.

    >>> filter_waveform(torch.ones(6), torch.tensor([[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])).round(decimals=4)
    tensor([1., 1., 1., 2., 2., 2.])
    """
    check_floating("waveform", waveform)
    check_floating("kernels", kernels)
    check_time_axis("waveform", waveform)
    if kernels.dim() < 2 or 0 in kernels.shape[-2:]:
        raise ArgumentError(
            f"kernels must be (..., filters, taps), got {tuple(kernels.shape)}",
            hint="kernel.unsqueeze(0) makes one kernel a set",
        )
    filters, taps = kernels.shape[-2:]
    delay = taps // 2 if delay_compensation < 0 else delay_compensation
    if delay >= taps and taps > 1:
        raise ArgumentError(f"delay_compensation must be at most taps - 1 = {taps - 1}, got {delay}", hint="lower it")
    time = waveform.shape[-1]
    if waveform.numel() == 0:
        return torch.zeros_like(waveform)
    signal = waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform
    part = (time + filters - 1) // filters
    parts = F.pad(signal, (0, filters * part - time)).unflatten(-1, (filters, part))  # (..., filters, part)
    n_fft = part + taps - 1
    spectra = torch.fft.rfft(parts, n_fft) * torch.fft.rfft(kernels.to(signal.dtype), n_fft)
    convolved = torch.fft.irfft(spectra, n_fft)  # (..., filters, part + taps - 1)
    return first_samples(overlap_add(convolved, part)[..., delay:], time).to(waveform.dtype)
