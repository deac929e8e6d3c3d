"""Features of recordings from a trained encoder."""

import os
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.inference.interface import Pretrained
from sonovox.inference.wave_batches import recording_pieces, wave_batch

__all__ = ["WaveformEncoder"]


class WaveformEncoder(Pretrained):
    """An encoder from waveforms to features: the module `encoder`, called with waveforms and relative lengths."""

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder",)

    def encode_file(self, path: str | os.PathLike[str], **kwargs: Any) -> Tensor:
        """The features of a recording, `(1, frames, features)`.

        One of more than 60 s is cut in pauses into pieces, of which the features are
        joined, so that only the result grows with its length.

        Args:
            path: of any length, sample rate and number of channels; or a source of `hub.fetch`.
            kwargs: `savedir` of SpeechBrain is taken and not needed.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        with torch.no_grad():
            pieces = [self.encode_batch(piece) for piece in recording_pieces(path, self.sample_rate)]
        return torch.cat(pieces, dim=1)

    def encode_batch(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """The features, `(batch, frames, features)`.

        Args:
            wavs: `(batch, time)` at the rate of the model, padded with zeros; or `(time,)`.
            wav_lens: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None.

        Raises:
            ArgumentError: shapes or lengths that cannot be, or an encoder that gives no features.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        features = self.mods["encoder"](*wave_batch(wavs, wav_lens, self.device))
        if isinstance(features, dict):  # of self-supervised encoders, with what they lose beside it
            features = features.get("embeddings")
        if not isinstance(features, Tensor):
            raise ArgumentError(f"the encoder must give features, got {type(features).__name__}")
        return features

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """As `encode_batch`."""
        return self.encode_batch(wavs, wav_lens)
