"""`Wav2Vec2Pretrain`: the pretraining of wav2vec 2.0 as a block of a recipe, from waveforms to the loss."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.integrations.huggingface.source import PretrainedBlock
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.masking import span_mask
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.models.wav2vec2.pretraining import Wav2Vec2PretrainModel, Wav2Vec2PretrainOutput
from sonovox.models.wav2vec2.pretraining_folder import load_wav2vec2_pretraining, save_wav2vec2_pretraining
from sonovox.models.wav2vec2.pretraining_masks import negative_indices

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["Wav2Vec2Pretrain"]


class Wav2Vec2Pretrain(PretrainedBlock):
    """A wav2vec 2.0 model that learns without labels, with random weights unless others are asked for.

    Args:
        source: a folder on disk, `hf:owner/name` or bare `owner/name` of a wav2vec 2.0 model, for its sizes.
        save_path: of no effect, see `SpeechEncoder`.
        mask_prob: share of the frames that masks cover, overlaps counted twice.
        mask_length: frames of a mask.
        normalize_wav: whether waveforms get zero mean and unit variance, each recording over its true length.
        pretrained: go on from the weights of `source`, which must have those of the quantiser too.
        as_speechbrain: waveforms are normalised over the whole batch, and padding may be masked and be a distractor.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Attributes:
        model: the `Wav2Vec2PretrainModel`; `model.quantizer.update_temp(step)` cools its quantiser.

    Raises:
        HubError: the files cannot be had.
        WeightsError: they are no wav2vec 2.0 model.

    >>> block = Wav2Vec2Pretrain("facebook/wav2vec2-base")  # doctest: +SKIP
    >>> output, mask = block(wavs, wav_lens)  # doctest: +SKIP
    >>> (output.loss / mask.sum()).backward()  # doctest: +SKIP
    """

    model: Wav2Vec2PretrainModel

    def __init__(
        self,
        source: str | os.PathLike[str],
        save_path: str | os.PathLike[str] | None = None,
        mask_prob: float = 0.65,
        mask_length: int = 10,
        normalize_wav: bool = True,
        *,
        pretrained: bool = False,
        as_speechbrain: bool | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        super().__init__(source, freeze=False)
        self.mask_prob, self.mask_length = mask_prob, mask_length
        self.normalize_wav, self.pretrained = normalize_wav, pretrained
        if as_speechbrain is not None:
            self.as_speechbrain = as_speechbrain
        if self.opens_itself:
            self.open(source, offline=offline, progress=progress)

    def extra_repr(self) -> str:
        return f"source={str(self.source)!r}, mask_prob={self.mask_prob}, mask_length={self.mask_length}"

    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read sizes, and weights if they are wanted; arguments and errors as of the class."""
        self.model, self.preprocessor = load_wav2vec2_pretraining(
            source,
            with_weights=self.pretrained,
            override_config=self.override_config,
            offline=offline,
            progress=progress,
            mask_prob=self.mask_prob,
            mask_length=self.mask_length,
        )
        self.model.wav2vec2.ignore_padding(not self.as_speechbrain)

    def override_config(self, config: Wav2Vec2Config) -> Wav2Vec2Config:
        """Sizes in place of those of `source`; to be overridden."""
        return config

    def forward(
        self,
        wav: Tensor,
        wav_lens: Tensor | None = None,
        mask: Tensor | None = None,
        negatives: Tensor | None = None,
    ) -> tuple[Wav2Vec2PretrainOutput, Tensor]:
        """Losses, which are sums over the masked frames, and the mask `(batch, frames)`.

        Args:
            wav: `(batch, samples)`, padded with zeros.
            wav_lens: `(batch,)`, shares of the longest item in (0, 1]; all are full if None.
            mask: `(batch, frames)`, True for frames to be masked, in place of random ones.
            negatives: `(batch, frames, number)`, places of distractors, in place of random ones.

        Raises:
            ArgumentError: another shape.
        """
        if wav.dim() != 2:
            raise ArgumentError(f"wav must be (batch, time), got {tuple(wav.shape)}")
        counts = None if wav_lens is None else lengths_to_counts(wav_lens.to(wav.device), wav.shape[1])
        if self.normalize_wav:
            wav = F.layer_norm(wav, wav.shape) if self.as_speechbrain else normalize_items(wav, counts)
        if self.as_speechbrain:
            padded = torch.full((len(wav),), wav.shape[1], device=wav.device)
            full = self.model.wav2vec2.feature_extractor.frames(padded)
            frames, sizes = int(full[0]), self.model.pretraining
            if mask is None:
                mask = span_mask(full, frames, sizes.mask_prob, sizes.mask_length, 1, self.model.generator)
            if negatives is None:
                negatives = negative_indices(full, frames, sizes.num_negatives, self.model.generator)
        output = cast(Wav2Vec2PretrainOutput, self.model(wav, counts, mask, negatives))
        return output, output.mask

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as a Hugging Face folder, which the block `Wav2Vec2` and transformers read."""
        preprocessor = replace(self.preprocessor, do_normalize=self.normalize_wav)
        save_wav2vec2_pretraining(folder, self.model, preprocessor)
