"""Generated room impulse responses: a pulse of direct sound, and noise that dies away.

The statistical model of reverberation by Polack, "La transmission de l'énergie sonore dans les
salles", 1988: late reflections are so many that they are noise under an exponential.
"""

import math

import torch
from torch import Tensor

from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import check_range

__all__ = ["decaying_noise_rir"]


def decaying_noise_rir(
    waveforms: Tensor,
    rt60_low: float = 0.2,
    rt60_high: float = 0.8,
    ratio_low: float = 0.0,
    ratio_high: float = 12.0,
    sample_rate: float = 16000,
    *,
    seeds: Tensor | None = None,
) -> Tensor:
    """Room impulse responses, one for each waveform, with a direct sound of 1 at their first sample.

    Args:
        waveforms: `(batch, ...)`, of which the number and the device are taken.
        rt60_low: shortest time in which reverberation falls by 60 dB, in seconds; each item has its own.
        rt60_high: longest.
        ratio_low: lowest ratio of the energies of direct sound and reverberation, in dB.
        ratio_high: highest.
        sample_rate: in Hz.
        seeds: `(batch,)`, see `item_seeds`.

    Returns:
        `(batch, rt60_high * sample_rate)`, float32.

    Raises:
        ArgumentError: an empty range, or times below 0.

    >>> rir = decaying_noise_rir(torch.zeros(2, 100), ratio_low=6.0, ratio_high=6.0)
    >>> rir.shape, (10 * (1 / rir[:, 1:].square().sum(1)).log10()).round(decimals=2)
    (torch.Size([2, 12800]), tensor([6., 6.]))
    """
    check_range("rt60", rt60_low, rt60_high, 1.0 / sample_rate)
    check_range("ratio", ratio_low, ratio_high)
    random = ItemRandom(seeds, len(waveforms), waveforms.device)
    rt60, ratio = random.uniform(rt60_low, rt60_high, 1), random.uniform(ratio_low, ratio_high, 1)
    size = max(2, math.ceil(rt60_high * sample_rate))
    seconds = torch.arange(1, size, device=waveforms.device) / sample_rate
    # 60 dB are a factor of 1000 in amplitude.
    late = random.normal(size - 1) * torch.exp(-math.log(1000.0) / rt60 * seconds)
    late = late * 10.0 ** (-ratio / 20.0) / late.square().sum(1, keepdim=True).sqrt()
    return torch.cat((torch.ones_like(late[:, :1]), late), 1)
