"""`TransformersEncoder`: any speech encoder that transformers knows, as a block of a pipeline.

wav2vec 2.0, HuBERT, WavLM and Whisper are sonovox's own models, which need no
transformers, compile and export: `integrations/huggingface`. This block is for all
others (data2vec, SEW, UniSpeech, wav2vec 2.0 Conformer, wav2vec 2.0 BERT, audio
spectrogram transformers …) and needs the extra `[transformers]`.
"""

import os
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox._internal.optional import require
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.hub import fetch
from sonovox.integrations.huggingface.source import PretrainedBlock
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.models.wav2vec2.pretrained import FOLDER_FILES

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["TransformersEncoder"]


class TransformersEncoder(PretrainedBlock):
    """An encoder from samples to frames, by transformers' own code; code that comes with a model is not run.

    Args:
        source: a folder on disk, `hf:owner/name` or bare `owner/name`.
        save_path: of no effect, see `SpeechEncoder`.
        output_norm: whether the output gets zero mean and unit variance, over time and channels of each item.
        freeze: evaluation mode, whatever `train()` says, and no gradients.
        output_all_hiddens: whether the output is that of all layers.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Attributes:
        model: the encoder of transformers.
        sample_rate: what it hears, in Hz.

    Raises:
        MissingDependencyError: transformers is not installed.
        HubError: the files cannot be had.
        WeightsError: transformers knows no such model, or it hears no sound.

    >>> encoder = TransformersEncoder("facebook/data2vec-audio-base", freeze=True)  # doctest: +SKIP
    >>> encoder(torch.zeros(1, 45920)).shape  # doctest: +SKIP
    torch.Size([1, 143, 768])
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        save_path: str | os.PathLike[str] | None = None,
        output_norm: bool = False,
        freeze: bool = False,
        output_all_hiddens: bool = False,
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        super().__init__(source, freeze)
        self.output_norm, self.output_all_hiddens = output_norm, output_all_hiddens
        self.open(source, offline=offline, progress=progress)

    def extra_repr(self) -> str:
        return f"source={str(self.source)!r}, freeze={self.freeze}"

    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read the model of `source`; arguments and errors as of the class."""
        transformers = require("transformers", purpose="an encoder that sonovox has no model of its own for")
        folder = fetch(source, files=["config.json"], optional=FOLDER_FILES, offline=offline, progress=progress)
        try:
            # Local files, and never the code of a stranger.
            safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
            extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, **safe)
            model = transformers.AutoModel.from_pretrained(folder, **safe)
        except (OSError, ValueError, KeyError) as error:
            raise WeightsError(
                f"transformers cannot read {source}: {error}", hint="it needs config.json, weights, and a preprocessor"
            ) from error
        if not hasattr(extractor, "sampling_rate"):
            raise WeightsError(f"{source} hears no sound: its preprocessor is a {type(extractor).__name__}")
        self.extractor, self.sample_rate = extractor, int(extractor.sampling_rate)
        self.hears_samples = type(extractor).__name__ == "Wav2Vec2FeatureExtractor"
        self.model: nn.Module = model.get_encoder() if model.config.is_encoder_decoder else model
        self.apply_freeze()

    def forward(self, wav: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """Frames of each recording, without gradients if it is frozen.

        Args:
            wav: `(batch, time)` at `sample_rate`, floating point, padded with zeros.
            wav_lens: `(batch,)`, shares of the longest item in (0, 1]; all are full if None. Some models give an item
                other numbers in other company all the same.

        Returns:
            `(batch, frames, width)`; with `output_all_hiddens` `(states, batch, frames, width)`.

        Raises:
            ArgumentError: another shape.
        """
        if wav.dim() != 2 or (wav_lens is not None and wav_lens.shape != wav.shape[:1]):
            shapes = f"{tuple(wav.shape)} and {None if wav_lens is None else tuple(wav_lens.shape)}"
            raise ArgumentError(f"wav must be (batch, time) and wav_lens (batch,), got {shapes}")
        counts = None if wav_lens is None else lengths_to_counts(wav_lens.to(wav.device), wav.shape[1])
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze):
            output = self.model(**self._inputs(wav, counts), output_hidden_states=self.output_all_hiddens)
        if not self.output_all_hiddens:
            return self._normalised(output.last_hidden_state)
        return torch.stack([self._normalised(state) for state in output.hidden_states])

    def _inputs(self, wav: Tensor, counts: Tensor | None) -> dict[str, Tensor]:
        """What the model is called with."""
        if self.hears_samples:
            if self.extractor.do_normalize:
                wav = normalize_items(wav, counts)
            mask = None if counts is None else length_to_mask(counts, wav.shape[1]).to(wav.device)
            return {"input_values": wav} if mask is None else {"input_values": wav, "attention_mask": mask}
        ends = [wav.shape[1]] * len(wav) if counts is None else counts.tolist()
        items = [item[:end].detach().cpu().float().numpy() for item, end in zip(wav, ends, strict=True)]
        features = self.extractor(items, sampling_rate=self.sample_rate, return_tensors="pt")
        return {name: tensor.to(wav.device) for name, tensor in features.items()}

    def _normalised(self, states: Tensor) -> Tensor:
        return normalize_items(states) if self.output_norm else states
