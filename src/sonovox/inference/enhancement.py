"""Speech without its noise: by a mask on the spectrum, or from waveform to waveform."""

import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.overlapping_chunks import through_chunks
from sonovox.inference.wave_batches import wave_batch
from sonovox.io import save
from sonovox.nn.resynthesis import SMALLEST_PEAK, resynthesize

__all__ = ["SpectralMaskEnhancement", "WaveformEnhancement"]

AudioPath = str | os.PathLike[str]
# A recording up to the first is heard as a whole, a longer one in such chunks, of which the second overlaps.
CHUNK_SECONDS, OVERLAP_SECONDS = 60.0, 2.0


class SpectralMaskEnhancement(Pretrained):
    """A denoiser that multiplies the magnitudes of a spectrum by a mask, and keeps its phases.

    The YAML file has the module `enhance_model`, from features to a mask; and
    `compute_stft`, `spectral_magnitude` and `resynth`, the functions around it.

    Raises:
        ArgumentError: one of these is no function, or as for `Pretrained`.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("compute_stft", "spectral_magnitude", "resynth")
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("enhance_model",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.HPARAMS_NEEDED:
            if not callable(getattr(self.hparams, name)):
                raise ArgumentError(f"{name} must be a function, got {getattr(self.hparams, name)!r}")
        istft = getattr(self.hparams.resynth, "keywords", {}).get("istft")
        for transform in (self.hparams.compute_stft, istft):  # they are none of the modules
            if isinstance(transform, torch.nn.Module):
                transform.to(self.device)

    def compute_features(self, wavs: Tensor) -> Tensor:
        """The logarithm of 1 + magnitude, `(batch, frames, bins)`, of `wavs`, `(batch, time)`."""
        return torch.log1p(self.hparams.spectral_magnitude(self.hparams.compute_stft(wavs)))

    def enhance_batch(self, noisy: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The waveforms without noise, `(batch, time)`.

        Args:
            noisy: `(batch, time)` at the rate of the model, padded with zeros; or `(time,)`.
            lengths: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None. They keep padding
                from being heard by models that know lengths; near the end of an item its frames reach into it.

        Raises:
            ArgumentError: shapes or lengths that cannot be.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        return self._enhanced(noisy, lengths)

    def enhance_file(self, filename: AudioPath, output_filename: AudioPath | None = None, **kwargs: Any) -> Tensor:
        """The recording without noise, `(time,)`, one channel at the rate of the model.

        One of more than 60 s goes through the model in chunks that overlap, so that only
        the result grows with its length.

        Args:
            filename: of any length, sample rate and number of channels; or a source of `hub.fetch`.
            output_filename: of a file to be written; None for none.
            kwargs: not needed; `savedir` of SpeechBrain is taken.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
            WriteError: the result cannot be written.
        """
        enhanced = torch.cat(list(self.enhance_blocks(filename)))
        if self._normalizes:
            enhanced = enhanced / (enhanced.abs().max() + SMALLEST_PEAK)
        return _saved(self, enhanced, output_filename)

    def enhance_blocks(self, filename: AudioPath) -> Iterator[Tensor]:
        """The recording without noise part by part, each `(time,)`, as loud as the model gives them.

        Args:
            filename: as for `enhance_file`, whose errors are raised, too.
        """
        # Each chunk by its own peak would change the loudness from one to the next.
        options = {"normalize_wavs": False} if self._is_ours else {}
        return _enhanced_blocks(self, filename, lambda chunk: self._enhanced(chunk, None, **options))

    @property
    def _is_ours(self) -> bool:
        resynth = self.hparams.resynth
        return isinstance(resynth, functools.partial) and resynth.func is resynthesize

    @property
    def _normalizes(self) -> bool:
        return self._is_ours and bool(self.hparams.resynth.keywords.get("normalize_wavs", True))

    def _enhanced(self, noisy: Tensor, lengths: Tensor | None, **options: Any) -> Tensor:
        known = lengths is not None
        noisy, lengths = wave_batch(noisy, lengths, self.device)
        features = self.compute_features(noisy)
        mask = self.mods["enhance_model"](features, lengths=lengths) if known else self.mods["enhance_model"](features)
        return self.hparams.resynth(torch.expm1(mask * features), noisy, **options)


class WaveformEnhancement(Pretrained):
    """A denoiser from waveform to waveform: the module `enhance_model`."""

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("enhance_model",)

    def enhance_batch(self, noisy: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The waveforms without noise, `(batch, time)`.

        Args:
            noisy: `(batch, time)` at the rate of the model, padded with zeros; or `(time,)`.
            lengths: `(batch,)`, shares of the longest one; the models of this kind do not need them.

        Raises:
            ArgumentError: shapes or lengths that cannot be.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        noisy, _ = wave_batch(noisy, lengths, self.device)
        enhanced = self.mods["enhance_model"](noisy)
        return enhanced[0] if isinstance(enhanced, tuple) else enhanced  # magnitudes may come with it

    def enhance_file(self, filename: AudioPath, output_filename: AudioPath | None = None, **kwargs: Any) -> Tensor:
        """The recording without noise, `(time,)`; as of `SpectralMaskEnhancement.enhance_file`."""
        return _saved(self, torch.cat(list(self.enhance_blocks(filename))), output_filename)

    def enhance_blocks(self, filename: AudioPath) -> Iterator[Tensor]:
        """The recording without noise part by part; as of `SpectralMaskEnhancement.enhance_blocks`."""
        return _enhanced_blocks(self, filename, self.enhance_batch)

    def forward(self, noisy: Tensor, lengths: Tensor | None = None) -> Tensor:
        """As `enhance_batch`."""
        return self.enhance_batch(noisy, lengths)


def _enhanced_blocks(model: Pretrained, path: AudioPath, enhance: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
    def enhanced(chunk: Tensor) -> Tensor:
        with torch.no_grad():
            return enhance(chunk).cpu()

    rate, found = model.sample_rate, False
    blocks = mono_blocks(fetched_audio(path), None, rate)
    size, overlap = round(CHUNK_SECONDS * rate), round(OVERLAP_SECONDS * rate)
    for part in through_chunks(blocks, enhanced, size=size, overlap=overlap):
        found = True
        yield part[0]
    if not found:
        raise UnsupportedAudioError(f"{os.fspath(path)} holds no samples", hint="check how it was recorded or cut")


def _saved(model: Pretrained, samples: Tensor, path: AudioPath | None) -> Tensor:
    if path is not None:
        save(path, samples, model.sample_rate)
    return samples
