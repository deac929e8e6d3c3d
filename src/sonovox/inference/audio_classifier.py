"""What is to be heard in a recording: sounds of the street, of animals, of a house."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox.inference.classify import Classes, EncoderClassifier
from sonovox.inference.wave_batches import wave_batch
from sonovox.nn import spectral_magnitude

__all__ = ["AudioClassifier"]


class AudioClassifier(EncoderClassifier):
    """A classifier of sounds from spectrograms, such as CNN14 on ESC-50.

    The YAML file has a `label_encoder`, the modules `compute_stft`, `embedding_model` and
    `classifier`, the power `spec_mag_power` of the magnitudes, and `use_melspectra`:
    with it a module `compute_fbank`, without it the model hears `log(1 + magnitude)`.

    Scores, the best score and its class keep the axis of length 1 that the embedding has,
    as in SpeechBrain: `(batch, 1, classes)`, `(batch, 1)` and `(batch, 1)`.

    Raises:
        ArgumentError: as for `EncoderClassifier`.
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("compute_stft", "embedding_model", "classifier")
    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("spec_mag_power", "use_melspectra")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.hparams.use_melspectra:
            self._check_needed("modules", ("compute_fbank",), dict(self.mods))

    def encode_batch(
        self, wavs: Tensor | Sequence[Tensor], wav_lens: Tensor | None = None, normalize: bool = False
    ) -> Tensor:
        """The embeddings, `(batch, 1, features)`; arguments and errors as of `EncoderClassifier.encode_batch`."""
        if not isinstance(wavs, Tensor):
            return super().encode_batch(wavs, wav_lens, normalize)
        wavs, _ = wave_batch(wavs, wav_lens, self.device)
        magnitudes = spectral_magnitude(self.mods["compute_stft"](wavs), power=self.hparams.spec_mag_power)
        if self.hparams.use_melspectra:
            embeddings = self.mods["embedding_model"](self.mods["compute_fbank"](magnitudes))
        else:
            embeddings = self.mods["embedding_model"](torch.log1p(magnitudes))
        if embeddings.dim() == 4:
            embeddings = embeddings.mean((-1, -2))
        return self._normalized(embeddings) if normalize else embeddings

    def _classified(self, embeddings: Tensor) -> Classes:
        scores = self.mods["classifier"](embeddings)
        score, index = scores.max(dim=-1)
        return scores, score, index, self._needed("label_encoder", "decode_torch").decode_torch(index)
