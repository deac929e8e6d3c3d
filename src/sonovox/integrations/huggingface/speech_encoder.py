"""Pretrained encoders of Hugging Face as blocks of a pipeline: `Wav2Vec2`, `HuBERT`, `WavLM`.

The blocks that SpeechBrain's tutorials put into a recipe, on our own models:
transformers is not needed. Where a batch is padded, SpeechBrain takes means and
variances over the padding too, so that an item gets other numbers in other
company. Here each is normalised over its true length, unless `as_speechbrain`
asks for its numbers, as models that were trained there need.
"""

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.integrations.huggingface.source import PretrainedBlock
from sonovox.models.wav2vec2.convert import from_huggingface
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.models.wav2vec2.pretrained import load_wav2vec2

if TYPE_CHECKING:
    from sonovox.hub import Progress
    from sonovox.models.wav2vec2.model import Wav2Vec2Model

__all__ = ["HuBERT", "SpeechEncoder", "Wav2Vec2", "WavLM"]


class SpeechEncoder(PretrainedBlock):
    """An encoder from samples to frames of 20 ms.

    Args:
        source: a folder on disk, `hf:owner/name` or bare `owner/name` of a wav2vec 2.0, HuBERT or WavLM model.
        save_path: of no effect, for recipes that give it: models are kept in the cache of `sonovox.hub`.
        output_norm: whether the output gets zero mean and unit variance, over time and channels of each item.
        freeze: evaluation mode, whatever `train()` says, and no gradients.
        freeze_feature_extractor: no gradients for the convolutions.
        apply_spec_augment: whether frames are masked in training, as `config.json` of the model says.
        output_all_hiddens: whether the output is that of all layers.
        as_speechbrain: means and variances are taken over the padding too; False by default.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Attributes:
        model: the `Wav2Vec2Model`.
        sample_rate: what it hears, in Hz.

    Raises:
        HubError: the model cannot be had.
        WeightsError: it is of no such family, or not whole.
    """

    model: "Wav2Vec2Model"

    def __init__(
        self,
        source: str | os.PathLike[str],
        save_path: str | os.PathLike[str] | None = None,
        output_norm: bool = False,
        freeze: bool = False,
        freeze_feature_extractor: bool = False,
        apply_spec_augment: bool = False,
        output_all_hiddens: bool = False,
        *,
        as_speechbrain: bool | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        super().__init__(source, freeze)
        self.output_norm = output_norm
        self.freeze_feature_extractor = freeze_feature_extractor
        self.apply_spec_augment = apply_spec_augment
        self.output_all_hiddens = output_all_hiddens
        if as_speechbrain is not None:
            self.as_speechbrain = as_speechbrain
        self.sample_rate, self.do_normalize = 16000, False
        self.register_load_state_dict_pre_hook(_translate_huggingface)
        if self.opens_itself:
            self.open(source, offline=offline, progress=progress)

    def extra_repr(self) -> str:
        options = ("freeze", "freeze_feature_extractor", "apply_spec_augment", "output_norm", "output_all_hiddens")
        return ", ".join([f"source={str(self.source)!r}", *(f"{name}=True" for name in options if getattr(self, name))])

    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read the model of `source`; arguments and errors as of the class."""
        loaded = load_wav2vec2(source, head=False, offline=offline, progress=progress)
        self.model = loaded.model
        self.sample_rate, self.do_normalize = loaded.preprocessor.sample_rate, loaded.preprocessor.do_normalize
        self.model.ignore_padding(not self.as_speechbrain)
        if self.model.masking is not None:
            self.model.masking.enabled = self.apply_spec_augment
        self.model.feature_extractor.requires_grad_(not self.freeze_feature_extractor)
        self.apply_freeze()

    def forward(self, wav: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """Frames of each recording, without gradients if it is frozen.

        Args:
            wav: `(batch, time)` at `sample_rate`, floating point, padded with zeros.
            wav_lens: `(batch,)`, shares of the longest item in (0, 1]; all are full if None.

        Returns:
            `(batch, frames, width)`; with `output_all_hiddens` `(layers + 1, batch, frames, width)`, the input of the
            first layer and the output of each, which in large models is not yet normalised.

        Raises:
            ArgumentError: another shape.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze):
            return self.extract_features(wav, wav_lens)

    def extract_features(self, wav: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """As `forward`, with gradients even if it is frozen."""
        if not self.output_all_hiddens:
            states, frames = self.model(*self._prepared(wav, wav_lens))
            return normalize_items(states, None if self.as_speechbrain else frames) if self.output_norm else states
        states, frames = self.hidden_states(wav, wav_lens)
        if not self.output_norm:
            return states
        # Layers as if they were more items.
        frames = None if self.as_speechbrain or frames is None else frames.repeat(len(states))
        return normalize_items(states.flatten(0, 1), frames).view_as(states)

    def hidden_states(self, wav: Tensor, wav_lens: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """All hidden states `(layers + 1, batch, frames, width)`, and how many frames each item has."""
        states, frames = self.model.hidden_states(*self._prepared(wav, wav_lens))
        return torch.stack(states), frames

    def _prepared(self, wav: Tensor, wav_lens: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Samples as the model wants them, and how many each item has."""
        if wav.dim() != 2 or (wav_lens is not None and wav_lens.shape != wav.shape[:1]):
            shapes = f"{tuple(wav.shape)} and {None if wav_lens is None else tuple(wav_lens.shape)}"
            raise ArgumentError(f"wav must be (batch, time) and wav_lens (batch,), got {shapes}")
        counts = None if wav_lens is None else lengths_to_counts(wav_lens.to(wav.device), wav.shape[1])
        if self.do_normalize:
            wav = normalize_items(wav, None if self.as_speechbrain else counts)
        return wav, counts


class Wav2Vec2(SpeechEncoder):
    """A wav2vec 2.0 encoder as a block; see `SpeechEncoder` for the arguments.

    >>> encoder = Wav2Vec2("facebook/wav2vec2-base", freeze=True)  # doctest: +SKIP
    >>> encoder(torch.zeros(1, 45920)).shape  # 2.87 s  # doctest: +SKIP
    torch.Size([1, 143, 768])
    """


class HuBERT(SpeechEncoder):
    """A HuBERT encoder as a block; see `SpeechEncoder` for the arguments."""


class WavLM(SpeechEncoder):
    """A WavLM encoder as a block; see `SpeechEncoder` for the arguments."""


def _translate_huggingface(module: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *_: object) -> None:
    """Checkpoints of SpeechBrain hold the names of transformers."""
    start = f"{prefix}model."
    theirs = {name.removeprefix(start): state_dict[name] for name in state_dict if name.startswith(start)}
    if not any("feature_projection." in name and not name.startswith("encoder.") for name in theirs):
        return
    for name in theirs:
        del state_dict[start + name]
    ours = {name: tensor for name, tensor in from_huggingface(theirs).items() if not name.startswith("aux.")}
    mask = module.state_dict().get("model.masking.embedding")
    if mask is None:
        ours.pop("masking.embedding", None)
    else:
        ours.setdefault("masking.embedding", mask)
    state_dict.update({start + name: tensor for name, tensor in ours.items()})
