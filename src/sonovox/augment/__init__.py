"""Augmentations of training batches, `[batch, time]`, `[batch, time, channels]` or `[batch, time, features]`.

What is random is drawn for each item of the batch: from torch's global generator, or from `seeds`, which
`item_seeds` makes of the seed of the experiment, the epoch and the items' ids. With seeds, the result for an
item is a function of these three, whichever batch it is in; without, augmenting single items in the
pipeline of a data set comes to the same, since the loader seeds each item. Inputs are never changed.

Every name below is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "AddNoise",
    "AddReverb",
    "Augmenter",
    "ChannelDrop",
    "ChannelSwap",
    "CodecAugment",
    "CutCat",
    "DoClip",
    "DropBitResolution",
    "DropChunk",
    "DropFreq",
    "ItemRandom",
    "RandAmp",
    "RandomShift",
    "Resample",
    "SignFlip",
    "SpectrogramDrop",
    "SpeedPerturb",
    "Warping",
    "decaying_noise_rir",
    "item_seeds",
    "pink_noise_like",
]

if TYPE_CHECKING:
    from sonovox.augment.add_noise import AddNoise
    from sonovox.augment.add_reverb import AddReverb
    from sonovox.augment.augmenter import Augmenter
    from sonovox.augment.channel_drop import ChannelDrop
    from sonovox.augment.channel_swap import ChannelSwap
    from sonovox.augment.codec_augment import CodecAugment
    from sonovox.augment.cut_cat import CutCat
    from sonovox.augment.do_clip import DoClip
    from sonovox.augment.drop_bit_resolution import DropBitResolution
    from sonovox.augment.drop_chunk import DropChunk
    from sonovox.augment.drop_freq import DropFreq
    from sonovox.augment.generated_rir import decaying_noise_rir
    from sonovox.augment.item_random import ItemRandom, item_seeds
    from sonovox.augment.pink_noise import pink_noise_like
    from sonovox.augment.rand_amp import RandAmp
    from sonovox.augment.random_shift import RandomShift
    from sonovox.augment.resample import Resample
    from sonovox.augment.sign_flip import SignFlip
    from sonovox.augment.spectrogram_drop import SpectrogramDrop
    from sonovox.augment.speed_perturb import SpeedPerturb
    from sonovox.augment.warping import Warping

# file -> the public names in it
_FILES = {
    "add_noise": ("AddNoise",),
    "add_reverb": ("AddReverb",),
    "augmenter": ("Augmenter",),
    "channel_drop": ("ChannelDrop",),
    "channel_swap": ("ChannelSwap",),
    "codec_augment": ("CodecAugment",),
    "cut_cat": ("CutCat",),
    "generated_rir": ("decaying_noise_rir",),
    "do_clip": ("DoClip",),
    "drop_bit_resolution": ("DropBitResolution",),
    "drop_chunk": ("DropChunk",),
    "drop_freq": ("DropFreq",),
    "item_random": ("ItemRandom", "item_seeds"),
    "pink_noise": ("pink_noise_like",),
    "rand_amp": ("RandAmp",),
    "random_shift": ("RandomShift",),
    "resample": ("Resample",),
    "sign_flip": ("SignFlip",),
    "spectrogram_drop": ("SpectrogramDrop",),
    "speed_perturb": ("SpeedPerturb",),
    "warping": ("Warping",),
}

__getattr__ = lazy_names(
    __name__, {name: f"sonovox.augment.{file}" for file, names in _FILES.items() for name in names}
)


def __dir__() -> list[str]:
    return sorted(__all__)
