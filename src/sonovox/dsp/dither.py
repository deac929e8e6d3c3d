"""Dither: quantise to 16 bits with noise that makes the error independent of the signal.

Lipshitz, Wannamaker and Vanderkooy, "Quantization and dither: a theoretical
survey", J. Audio Eng. Soc. 40, 1992.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_choice, check_floating, check_time_axis

__all__ = ["dither"]

STEPS = 2**15  # to full scale, of 16 bits
DENSITIES = ("GPDF", "RPDF", "TPDF")


def dither(waveform: Tensor, density_function: str = "TPDF", noise_shaping: bool = False) -> Tensor:
    """Quantise `waveform` to multiples of 2^-15 after adding noise.

    Rounding has no derivative: the gradient is zero.

    Args:
        waveform: `(..., time)`, floating point.
        density_function: of the noise: `"TPDF"`, triangular over two steps, which makes the mean of the error
            zero and its variance constant, a quarter of a squared step; `"RPDF"`, uniform over one step, which
            does so for the mean; `"GPDF"`, Gaussian with half a step as its standard deviation.
        noise_shaping: subtract the error of each sample from the next: less noise at low frequencies
            and more at high ones, by `|1 - z^-1|`.

    Returns:
        The shape of `waveform`.

    Raises:
        ChoiceError: another density.
        ArgumentError: a waveform of integers.

    >>> _ = torch.manual_seed(0)
    >>> (dither(torch.full((5,), 0.25 / 32768)) * 32768).tolist()
    [0.0, 1.0, -1.0, -0.0, -0.0]
    """
    check_floating("waveform", waveform)
    check_time_axis("waveform", waveform)
    check_choice("density_function", density_function, DENSITIES)
    noise = _noise(density_function, waveform)
    if not noise_shaping:
        exact = torch.promote_types(waveform.dtype, torch.float32)
        return (torch.round(waveform.to(exact) * STEPS + noise) / STEPS).to(waveform.dtype)
    # With errors fed back, y[t] = round(x[t] - e[t-1] + noise[t]) and e = y - (x - e[t-1]). The sums X of x and Y of
    # y up to t differ by e[t], so that Y[t] = round(X[t] + noise[t]): no loop.
    total = torch.round((waveform.double() * STEPS).cumsum(-1) + noise)
    return ((total - F.pad(total, (1, 0))[..., : total.shape[-1]]) / STEPS).to(waveform.dtype)


def _noise(density: str, like: Tensor) -> Tensor:
    if density == "GPDF":
        return 0.5 * torch.randn_like(like, dtype=torch.float32)
    uniform = torch.rand_like(like, dtype=torch.float32)
    return uniform - (0.5 if density == "RPDF" else torch.rand_like(like, dtype=torch.float32))
