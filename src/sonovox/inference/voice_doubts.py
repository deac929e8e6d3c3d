"""Why a recording may say little about the voice in it: too short, too quiet, of a telephone."""

import math

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


def voice_doubts(samples: Tensor, sample_rate: int) -> list[str]:
    """What makes a comparison by this recording doubtful; an empty list where nothing does.

    Args:
        samples: `(time,)`, full scale 1.
        sample_rate: in Hz.

    >>> voice_doubts(torch.zeros(8000), 16000)
    ['it is 0.5 s long, which is little to know a voice by', 'it is almost silent']
    """
    doubts = []
    if len(samples) < FEWEST_SECONDS * sample_rate:
        doubts.append(f"it is {len(samples) / sample_rate:.1f} s long, which is little to know a voice by")
    level = samples.square().mean().sqrt().item() if len(samples) else 0.0
    if 20 * math.log10(level + 1e-10) < QUIETEST_DB:
        doubts.append("it is almost silent")
    elif sample_rate > 2 * TELEPHONE_HZ and _share_above(samples, sample_rate) < SMALLEST_SHARE:
        doubts.append(f"it has nothing above {TELEPHONE_HZ} Hz, as if it came through a telephone")
    return doubts


def _share_above(samples: Tensor, sample_rate: int) -> float:
    """The energy above a telephone's, over all energy."""
    size = round(WINDOW_SECONDS * sample_rate)
    window = torch.hann_window(size)
    power = spectrogram(samples, 0, window, size, size // 2, size, 2.0, False).sum(-1)
    # A little higher, where filters of resampling are done.
    first = math.ceil(1.05 * TELEPHONE_HZ * size / sample_rate)
    return float(power[first:].sum() / power.sum().clamp(min=torch.finfo(power.dtype).tiny))
