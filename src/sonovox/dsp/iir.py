"""Recursive filters: any order, banks of them, forward and backward, and the biquad.

Oppenheim and Schafer, "Discrete-Time Signal Processing", section 6.3, direct form:

    a[0] y[t] = b[0] x[t] + b[1] x[t-1] + ... - a[1] y[t-1] - a[2] y[t-2] - ...

Arithmetic is float64 whatever the dtype of the samples, and denominators from
the third to the 32nd order are factored into second-order sections first. What
the coefficients themselves have lost stays lost: a long polynomial hardly holds
its roots, and high orders are better designed and applied as biquads.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox._kernels.iir import iir
from sonovox.dsp.biquad_design import Number, exact, exact_dtype
from sonovox.dsp.eager import can_reuse_buffers, in_plain_eager

__all__ = ["biquad", "filtfilt", "lfilter"]


def lfilter(waveform: Tensor, a_coeffs: Tensor, b_coeffs: Tensor, clamp: bool = True, batching: bool = True) -> Tensor:
    """Filter each signal of `waveform` by the quotient of two polynomials, from rest.

    Differentiable in the signal and in the coefficients, to any order.

    Args:
        waveform: `(..., time)`, floating point. Half precision is computed in float32 and returned as it came.
        a_coeffs: `(order + 1,)`, or `(filters, order + 1)`: of the denominator, lowest delay first; `a[0]` is not 0.
        b_coeffs: `(taps,)`, or `(filters, taps)`: of the numerator.
        clamp: limit the result to [-1, 1].
        batching: of several filters, apply filter i to channel i of `(..., filters, time)`; if False, all filters
            to each signal.

    Returns:
        The shape of `waveform`; of several filters without `batching`, `(..., filters, time)`.

    Raises:
        ArgumentError: coefficients of other shapes, `a[0]` of 0, a waveform of integers.

    >>> lfilter(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([1.0, -0.5]), torch.tensor([0.5, 0.0]))
    tensor([0.5000, 0.2500, 0.1250])
    """
    check_floating("waveform", waveform)
    check_time_axis("waveform", waveform)
    a_coeffs, b_coeffs = _check_coefficients(waveform, a_coeffs, b_coeffs, batching)
    signals = waveform.float() if waveform.dtype in (torch.float16, torch.bfloat16) else waveform
    if a_coeffs.dim() == 1:
        a_coeffs, b_coeffs = a_coeffs.unsqueeze(0), b_coeffs.unsqueeze(0)
        rows = signals.reshape(-1, 1, signals.shape[-1]) if signals.numel() else signals.new_zeros(0, 1, 1)
        shape = waveform.shape
    else:
        filters = a_coeffs.shape[0]
        if not batching:
            signals = signals.unsqueeze(-2).expand(*waveform.shape[:-1], filters, -1)
        shape = signals.shape
        rows = signals.reshape(-1, filters, signals.shape[-1]) if signals.numel() else signals.new_zeros(0, filters, 1)
    leading = a_coeffs[:, :1]
    filtered = iir(rows, a_coeffs[:, 1:] / leading, b_coeffs / leading).reshape(shape).to(waveform.dtype)
    if not clamp:
        return filtered
    in_place = can_reuse_buffers(waveform, a_coeffs, b_coeffs)
    return filtered.clamp_(-1.0, 1.0) if in_place else filtered.clamp(-1.0, 1.0)


def filtfilt(waveform: Tensor, a_coeffs: Tensor, b_coeffs: Tensor, clamp: bool = True) -> Tensor:
    """Filter forward and then backward in time: the squared magnitude of the response, and no delay.

    Both passes start from rest, as in torchaudio; `scipy.signal.filtfilt` extends the ends first.

    Args:
        waveform: see `lfilter`, as are `a_coeffs` and `b_coeffs`; several filters go channel by channel.
        clamp: limit the result of the second pass to [-1, 1].

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: see `lfilter`.

    >>> filtfilt(torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]), torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
    tensor([0.0000, 0.2500, 0.5000, 0.2500, 0.0000])
    """
    forward = lfilter(waveform, a_coeffs, b_coeffs, clamp=False)
    return lfilter(forward.flip(-1), a_coeffs, b_coeffs, clamp=clamp).flip(-1)


def biquad(
    waveform: Tensor,
    b0: Number,
    b1: Number,
    b2: Number,
    a0: Number,
    a1: Number,
    a2: Number,
) -> Tensor:
    """Filter of second order; the result is limited to [-1, 1].

    Args:
        waveform: `(..., time)`, floating point.
        b0: numbers or tensors without a dimension, differentiable, as are the other five:
            the numerator is `b0 + b1 z^-1 + b2 z^-2`.
        b1: see `b0`.
        b2: see `b0`.
        a0: the denominator is `a0 + a1 z^-1 + a2 z^-2`; not 0.
        a1: see `a0`.
        a2: see `a0`.

    Returns:
        The shape of `waveform`.

    Raises:
        ArgumentError: `a0` of 0, a waveform of integers.

    >>> biquad(torch.tensor([1.0, 0.0, 0.0]), 0.5, 0.0, 0.0, 1.0, -0.5, 0.0)
    tensor([0.5000, 0.2500, 0.1250])
    """
    b = torch.stack([exact(waveform, number) for number in (b0, b1, b2)])
    a = torch.stack([exact(waveform, number) for number in (a0, a1, a2)])
    return lfilter(waveform, a, b)


def _check_coefficients(waveform: Tensor, a_coeffs: Tensor, b_coeffs: Tensor, batching: bool) -> tuple[Tensor, Tensor]:
    check_floating("a_coeffs", a_coeffs)
    check_floating("b_coeffs", b_coeffs)
    shapes = f"got {tuple(a_coeffs.shape)} and {tuple(b_coeffs.shape)}"
    if a_coeffs.dim() not in (1, 2) or a_coeffs.dim() != b_coeffs.dim() or 0 in (*a_coeffs.shape, *b_coeffs.shape):
        raise ArgumentError(
            f"a_coeffs and b_coeffs must both be (coefficients,) or (filters, coefficients), {shapes}",
            hint="for one filter give two vectors, lowest delay first",
        )
    if a_coeffs.dim() == 2 and a_coeffs.shape[0] != b_coeffs.shape[0]:
        raise ArgumentError(f"a_coeffs and b_coeffs must have as many filters, {shapes}", hint="one row for each")
    if a_coeffs.dim() == 2 and batching and (waveform.dim() < 2 or waveform.shape[-2] != a_coeffs.shape[0]):
        raise ArgumentError(
            f"waveform must be (..., filters, time) with {a_coeffs.shape[0]} filters, got {tuple(waveform.shape)}",
            hint="batching=False applies all filters to each signal",
        )
    if in_plain_eager() and a_coeffs.device.type == "cpu" and bool((a_coeffs[..., 0] == 0).any()):
        raise ArgumentError("a_coeffs[0] must not be 0, got 0", hint="drop the leading zeros, or check the order")
    dtype = exact_dtype(waveform)
    return a_coeffs.to(waveform.device, dtype), b_coeffs.to(waveform.device, dtype)
