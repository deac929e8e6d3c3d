"""The voices, or other sources, of a mixture, each by itself."""

import os
from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from sonovox._internal.errors import UnsupportedAudioError
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.overlapping_chunks import through_chunks
from sonovox.inference.wave_batches import wave_batch

__all__ = ["SepformerSeparation"]

AudioPath = str | os.PathLike[str]
# Longer overlaps find the order of the sources more surely: both speak in them.
CHUNK_SECONDS, OVERLAP_SECONDS = 30.0, 5.0


class SepformerSeparation(Pretrained):
    """A separator of sources, such as SepFormer or Conv-TasNet.

    The YAML file has the modules `encoder`, `masknet` and `decoder`.
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder", "masknet", "decoder")

    def separate_batch(self, mix: Tensor) -> Tensor:
        """The sources, `(batch, time, sources)`.

        Args:
            mix: `(batch, time)` at the rate of the model, or `(time,)`. Shorter items are padded with zeros, which
                the model hears; it gives them other numbers than alone.

        Raises:
            ArgumentError: another shape.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        mix, _ = wave_batch(mix, None, self.device)
        encoded = self.mods["encoder"](mix)  # (batch, features, frames)
        masks = self.mods["masknet"](encoded)  # (sources, batch, features, frames)
        sources = torch.stack([self.mods["decoder"](encoded * mask) for mask in masks], dim=-1)
        # The last window may end before or behind the last sample.
        missing = mix.shape[1] - sources.shape[1]
        return torch.nn.functional.pad(sources, (0, 0, 0, missing))

    def separate_file(self, path: AudioPath, savedir: AudioPath | None = None) -> Tensor:
        """The sources of a recording, `(1, time, sources)`, at the rate of the model, each with a peak of 1.

        Args:
            path: of any length, sample rate and number of channels; or a source of `hub.fetch`.
            savedir: of SpeechBrain; not needed.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        sources = torch.cat(list(self.separate_blocks(path)), dim=1)
        peaks = sources.abs().amax(dim=1, keepdim=True)
        return (sources / peaks.clamp(min=torch.finfo(peaks.dtype).tiny)).T.unsqueeze(0)

    def separate_blocks(self, path: AudioPath) -> Iterator[Tensor]:
        """The sources of a recording part by part, each `(sources, time)`, as loud as the model gives them.

        One of more than 30 s goes through the model in chunks that overlap by 5 s, so that
        memory does not grow with its length. A source keeps its place from chunk to chunk,
        told by what both have of it where they overlap.

        Args:
            path: as for `separate_file`, whose errors are raised, too.
        """
        found, rate = False, self.sample_rate
        parts = through_chunks(
            mono_blocks(fetched_audio(path), None, rate),
            self._separated,
            size=round(CHUNK_SECONDS * rate),
            overlap=round(OVERLAP_SECONDS * rate),
        )
        for part in parts:
            found = True
            yield part
        if not found:
            raise UnsupportedAudioError(f"{os.fspath(path)} holds no samples", hint="check how it was recorded or cut")

    def forward(self, mix: Tensor) -> Tensor:
        """As `separate_batch`."""
        return self.separate_batch(mix)

    def _separated(self, chunk: Tensor) -> Tensor:
        with torch.no_grad():
            return self.separate_batch(chunk)[0].T.cpu()
