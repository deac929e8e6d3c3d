"""Why a recording may say little about the voice in it: too short, too quiet, of a telephone."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from sonovox.dsp.spectrogram import spectrogram

__all__ = ["voice_doubts"]

# Embeddings of shorter recordings change much with the words that are said.
FEWEST_SECONDS = 1.0
# Below this, full scale being 0, there is more of the room than of a voice.
QUIETEST_DB = -60.0
# Telephones end at 3.4 kHz; speech of other recordings has more than this above 4 kHz, -50 dB.
TELEPHONE_HZ, SMALLEST_SHARE = 4000, 1e-5
WINDOW_SECONDS = 0.032


def voice_doubts(samples: Tensor | Iterable[Tensor], sample_rate: int) -> list[str]:
    """What makes a comparison by this recording doubtful; an empty list where nothing does.

    Args:
        samples: `(time,)`, full scale 1; or blocks of them one after the other, as of a file that is too long for
            memory.
        sample_rate: in Hz.

    >>> voice_doubts(torch.zeros(8000), 16000)
    ['it is 0.5 s long, which is little to know a voice by', 'it is almost silent']
    """
    count, energy, high, all_power = 0, 0.0, 0.0, 0.0
    for block in [samples] if isinstance(samples, Tensor) else samples:
        count, energy = count + len(block), energy + block.double().square().sum().item()
        if sample_rate > 2 * TELEPHONE_HZ and len(block):
            above, power = _powers(block, sample_rate)
            high, all_power = high + above, all_power + power
    doubts = []
    if count < FEWEST_SECONDS * sample_rate:
        doubts.append(f"it is {count / sample_rate:.1f} s long, which is little to know a voice by")
    if 10 * math.log10(energy / max(count, 1) + 1e-20) < QUIETEST_DB:
        doubts.append("it is almost silent")
    elif sample_rate > 2 * TELEPHONE_HZ and high < SMALLEST_SHARE * all_power:
        doubts.append(f"it has nothing above {TELEPHONE_HZ} Hz, as if it came through a telephone")
    return doubts


def _powers(samples: Tensor, sample_rate: int) -> tuple[float, float]:
    """The energy above a telephone's, and all energy."""
    size = round(WINDOW_SECONDS * sample_rate)
    window = torch.hann_window(size)
    samples = torch.nn.functional.pad(samples, (0, max(0, size - len(samples))))  # the last block may be shorter
    power = spectrogram(samples, 0, window, size, size // 2, size, 2.0, False).double().sum(-1)
    # A little higher, where filters of resampling are done.
    first = math.ceil(1.05 * TELEPHONE_HZ * size / sample_rate)
    return power[first:].sum().item(), power.sum().item()
