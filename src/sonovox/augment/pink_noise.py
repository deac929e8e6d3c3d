"""Pink noise and its relatives: noise whose amplitude falls with a power of the frequency."""

import torch
from torch import Tensor

from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range, finished, prepared

__all__ = ["pink_noise_like"]

# Noise is made in blocks of so many samples, so that an item's does not depend on the length of the batch.
_BLOCK = 1 << 14


def pink_noise_like(
    waveforms: Tensor,
    alpha_low: float = 1.0,
    alpha_high: float = 1.0,
    sample_rate: float = 50,
    *,
    seeds: Tensor | None = None,
) -> Tensor:
    """Noise of which the amplitude at each frequency f, in Hz, is that of white noise times `f ** -alpha`.

    So the power falls with `2 * alpha`: with an alpha of 0.5 by 3 dB an octave, which is called
    pink; with 1 by 6 dB, which is called brown. Below `sample_rate / 16384` it is constant. Its loudness
    is of no importance where it is added at a given ratio, as in `AddNoise`.

    Args:
        waveforms: `(batch, time)` or `(batch, time, channels)`, of which the shape and dtype are taken.
        alpha_low: lowest alpha; each item has its own. Below 0 high frequencies are the louder ones.
        alpha_high: highest.
        sample_rate: in Hz.
        seeds: `(batch,)`, see `item_seeds`.

    Returns:
        The shape and dtype of `waveforms`.

    Raises:
        ArgumentError: an empty range, waveforms of another shape.

    >>> pink_noise_like(torch.zeros(4, 257, 10)).shape
    torch.Size([4, 257, 10])
    """
    check_range("alpha", alpha_low, alpha_high)
    batch, time, channels = prepared(waveforms, None).samples.shape
    random = ItemRandom(seeds, batch, waveforms.device)
    alpha = random.uniform(alpha_low, alpha_high, 1, 1, 1)
    # Halves of blocks overlap, with windows whose squares add up to 1, so that the power is the same everywhere.
    pairs = -(-(time + _BLOCK // 2) // _BLOCK)
    white = random.normal(2 * pairs, channels, _BLOCK)
    frequency = torch.arange(_BLOCK // 2 + 1, device=waveforms.device).clamp_min(1) * (sample_rate / _BLOCK)
    coloured = torch.fft.irfft(torch.fft.rfft(white) * frequency**-alpha, n=_BLOCK)
    window = torch.sin(torch.pi / _BLOCK * (torch.arange(_BLOCK, device=waveforms.device) + 0.5))
    # (batch, 2 * pairs, channels, block) -> each second block in a row of its own: (batch, 2, time, channels)
    rows = (coloured * window).unflatten(1, (pairs, 2)).permute(0, 2, 1, 4, 3).flatten(2, 3)
    return finished(rows[:, 0, _BLOCK // 2 :][:, :time] + rows[:, 1, :time], waveforms)
