"""Speed: waveforms played slower or faster, and so lower or higher.

Ko et al., "Audio augmentation for speech recognition", Interspeech 2015.
"""

from collections.abc import Sequence
from typing import overload

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import finished, prepared
from sonovox.dsp.lengths import length_to_mask
from sonovox.dsp.speed import speed

__all__ = ["SpeedPerturb"]


class SpeedPerturb(nn.Module):
    """Waveforms at another speed.

    Without lengths there is one speed for the whole batch, since all of its items must stay of one
    length. With lengths each item has its own, and the new lengths come with the waveforms.

    Args:
        orig_freq: sample rate, in Hz.
        speeds: in percent; 90 is slower and longer. Each is as likely as the others.
        device: accepted as SpeechBrain has it; filters are made where the waveforms are.

    Raises:
        ArgumentError: no speeds, or one that is not positive.

    >>> SpeedPerturb(16000, [80])(torch.ones(2, 1000)).shape
    torch.Size([2, 1250])
    >>> slower, lengths = SpeedPerturb(16000, [80, 160])(torch.ones(2, 8), torch.ones(2), seeds=torch.tensor([0, 1]))
    >>> slower.shape, lengths
    (torch.Size([2, 10]), tensor([0.5000, 1.0000]))
    """

    def __init__(self, orig_freq: int, speeds: Sequence[float] = (90, 100, 110), device: str = "cpu") -> None:
        super().__init__()
        check_positive("orig_freq", orig_freq, unit="in Hz")
        if not speeds:
            raise ArgumentError("speeds must have at least one speed, got none", hint="for example [90, 100, 110]")
        for percent in speeds:
            check_positive("a speed", percent, unit="in percent, such as 110")
        self.orig_freq = orig_freq
        self.speeds = list(speeds)

    @overload
    def forward(self, waveform: Tensor, lengths: None = None, *, seeds: None = None) -> Tensor: ...
    @overload
    def forward(self, waveform: Tensor, lengths: Tensor, *, seeds: Tensor | None = None) -> tuple[Tensor, Tensor]: ...
    def forward(
        self, waveform: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """The waveforms, as long as the slowest; with lengths the waveforms and their lengths.

        Args:
            waveform: `(batch, time)` or `(batch, time, channels)`, floating point.
            lengths: `(batch,)`, shares in (0, 1].
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: seeds without lengths.
        """
        samples, counts, _ = prepared(waveform, lengths, "waveform")
        if lengths is None:
            if seeds is not None:
                raise ArgumentError("seeds need lengths, since each item has a speed of its own then")
            chosen = self.speeds[int(torch.randint(len(self.speeds), ()))]
            return finished(speed(samples.mT, self.orig_freq, chosen / 100)[0].mT, waveform)
        drawn = ItemRandom(seeds, len(samples), samples.device).integers(0, len(self.speeds) - 1)
        played, counts = self._each_at_its_own(samples.mT, counts, drawn)
        time = int(counts.max()) if len(counts) else 0
        inside = length_to_mask(counts, time, torch.bool).unsqueeze(-1)
        return finished(played[..., :time].mT, waveform, inside), (counts / max(time, 1)).to(lengths)

    def _each_at_its_own(self, samples: Tensor, counts: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """`(batch, channels, longest)` and the samples of each item, with all items of one speed at once."""
        of_speeds = [torch.nonzero(drawn == number)[:, 0] for number in range(len(self.speeds))]
        rows, waves, sizes = [], [], []
        for items, percent in zip(of_speeds, self.speeds, strict=True):
            if len(items):
                channels = counts[items].unsqueeze(1).expand(-1, samples.shape[1])
                wave, size = speed(samples[items], self.orig_freq, percent / 100, channels)
                rows.append(items)
                waves.append(wave)
                sizes.append(size[:, 0])  # type: ignore[index]  # given lengths, it gives lengths
        if not rows:
            return samples, counts
        longest = max(wave.shape[-1] for wave in waves)
        waves = [nn.functional.pad(wave, (0, longest - wave.shape[-1])) for wave in waves]
        back = torch.cat(rows).argsort()
        return torch.cat(waves)[back], torch.cat(sizes)[back]

    def extra_repr(self) -> str:
        return f"orig_freq={self.orig_freq}, speeds={self.speeds}"
