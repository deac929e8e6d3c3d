"""Embeddings of speakers from the mel spectrograms of speech synthesis, which says in their voice what it reads."""

from typing import ClassVar

import torch
from torch import Tensor

from sonovox.dsp.mel_spectrogram import MelSpectrogram
from sonovox.inference.interface import Pretrained

__all__ = ["MelSpectrogramEncoder"]

# Arguments of `MelSpectrogram` -> what the YAML file calls them.
_SETTINGS = {
    "sample_rate": "sample_rate",
    "hop_length": "hop_length",
    "win_length": "win_length",
    "n_fft": "n_fft",
    "n_mels": "n_mel_channels",
    "f_min": "mel_fmin",
    "f_max": "mel_fmax",
    "power": "power",
    "normalized": "mel_normalized",
    "norm": "norm",
    "mel_scale": "mel_scale",
}


class MelSpectrogramEncoder(Pretrained):
    """An encoder of the mel spectrograms that a synthesiser makes and takes.

    The YAML file has the modules `normalizer` and `embedding_model`, the settings of the
    spectrogram (`hop_length`, `win_length` and `n_fft` in samples, `n_mel_channels`,
    `mel_fmin`, `mel_fmax`, `power`, `mel_normalized`, `norm`, `mel_scale`), and
    `dynamic_range_compression`: whether logarithms are taken.

    Raises:
        ArgumentError: one of these is not there.
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("normalizer", "embedding_model")
    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = (*_SETTINGS.values(), "dynamic_range_compression")

    def dynamic_range_compression(
        self,
        x: Tensor,
        C: float = 1,  # noqa: N803 - SpeechBrain's name
        clip_val: float = 1e-5,
    ) -> Tensor:
        """`log(C * x)` of magnitudes, which are at least `clip_val`."""
        return torch.log(x.clamp(min=clip_val) * C)

    def mel_spectrogram(self, audio: Tensor) -> Tensor:
        """`(..., mels, frames)` of `audio`, `(..., time)` at the rate of the model."""
        settings = {name: getattr(self.hparams, theirs) for name, theirs in _SETTINGS.items()}
        mel: Tensor = MelSpectrogram(**settings).to(audio.device)(audio)
        return self.dynamic_range_compression(mel) if self.hparams.dynamic_range_compression else mel

    # As SpeechBrain wrote it for some time.
    mel_spectogram = mel_spectrogram

    def encode_waveform(self, wav: Tensor) -> Tensor:
        """The embedding, `(1, 1, features)`, of `wav`, `(time,)` or `(1, time)` at the rate of the model."""
        return self.encode_mel_spectrogram(self.mel_spectrogram(wav.to(self.device)))

    def encode_mel_spectrogram(self, mel_spec: Tensor) -> Tensor:
        """The embedding, `(1, 1, features)`, of `mel_spec`, `(mels, frames)` or `(1, mels, frames)`."""
        return self.encode_mel_spectrogram_batch(mel_spec if mel_spec.dim() == 3 else mel_spec.unsqueeze(0))

    def encode_mel_spectrogram_batch(self, mel_specs: Tensor, lens: Tensor | None = None) -> Tensor:
        """The embeddings, `(batch, 1, features)`.

        Args:
            mel_specs: `(batch, mels, frames)`.
            lens: shares of the longest one, `(batch,)`, for the normalisation; the model hears the padding, as in
                SpeechBrain. All are full if None.
        """
        mel_specs = mel_specs.to(self.device)
        lens = torch.ones(len(mel_specs)) if lens is None else lens
        features = self.mods["normalizer"](mel_specs.transpose(1, 2), lens.to(self.device))
        embeddings: Tensor = self.mods["embedding_model"](features)
        return embeddings
