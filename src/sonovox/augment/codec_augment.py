"""Codecs: waveforms with the traces of lossy encoding."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import finished, prepared
from sonovox.io.apply_codec import apply_codec

__all__ = ["CodecAugment"]


class CodecAugment(nn.Module):
    """Waveforms as they come back from a codec that is drawn for each item; without gradient.

    Args:
        sample_rate: in Hz.
        codecs: pairs of a format and an encoding, as `sonovox.save` takes them; an encoding may be None.

    Raises:
        ArgumentError: no codecs, a rate that is not positive.

    >>> CodecAugment(8000, codecs=[("wav", "ULAW")])(torch.tensor([[0.0, 0.3, -0.3, 0.9]]))
    tensor([[ 0.0000,  0.3007, -0.3007,  0.8866]])
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        *,
        codecs: Sequence[tuple[str, str | None]] = (("wav", "ULAW"), ("mp3", None), ("opus", None)),
    ) -> None:
        super().__init__()
        check_positive("sample_rate", sample_rate, unit="in Hz")
        if not codecs:
            raise ArgumentError("codecs must have at least one pair, got none", hint='for example [("mp3", None)]')
        self.sample_rate = sample_rate
        self.codecs = [tuple(codec) for codec in codecs]

    def forward(self, waveform: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`.

        Raises:
            UnsupportedAudioError: a codec that cannot be written, or not at this rate.
        """
        samples, counts, inside = prepared(waveform.detach(), lengths, "waveform")
        drawn = ItemRandom(seeds, len(samples)).integers(0, len(self.codecs) - 1)
        coded = torch.zeros_like(samples)
        # An encoder takes one file at a time.
        for number, (count, chosen) in enumerate(zip(counts.tolist(), drawn.tolist(), strict=True)):
            if count:
                format, encoding = self.codecs[chosen]
                item = apply_codec(samples[number, :count].mT, self.sample_rate, format, encoding=encoding)
                coded[number, :count] = item.mT
        return finished(coded, waveform, inside)

    def extra_repr(self) -> str:
        return f"sample_rate={self.sample_rate}, codecs={self.codecs}"
