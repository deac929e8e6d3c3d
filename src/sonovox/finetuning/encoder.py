"""The encoder: what it is, from a few small files, and then itself with a layer for the letters on top."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from sonovox._internal.errors import ChoiceError, WeightsError
from sonovox.hub import fetch
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.ctc import Wav2Vec2CTC
from sonovox.models.wav2vec2.masking import SpanMasking
from sonovox.models.wav2vec2.model import Wav2Vec2Model
from sonovox.models.wav2vec2.preprocessor import Preprocessor
from sonovox.models.wav2vec2.pretrained import PretrainedWav2Vec2, load_wav2vec2
from sonovox.models.wav2vec2.vocabulary import CTCVocabulary
from sonovox.nn.adapters import AdaptedModel, LoRA

__all__ = ["EncoderDescription", "SpellingEncoder", "describe_encoder"]

BLANK, UNKNOWN, DELIMITER = "<pad>", "<unk>", "|"  # as Hugging Face's CTC models have them
MASKED_FRAMES = 10
# What describes an encoder beside its config.json, where it is there.
FURTHER = (
    "preprocessor_config.json", "processor_config.json", "vocab.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json",
)  # fmt: skip
# All products of the transformer's layers, weighted by 2: fewer of them need more rank for the same.
ADAPTED_LAYERS = ("encoder.transformer.layers.*_proj", "encoder.transformer.layers.*_dense")
LORA_SCALE = 2.0


@dataclass(frozen=True)
class EncoderDescription:
    """What is known of an encoder before its weights are here.

    Args:
        config: sizes.
        preprocessor: sample rate and normalisation.
        vocabulary: of the head that it has; None without one.
        defect: why a head that it has cannot be used.
    """

    config: Wav2Vec2Config
    preprocessor: Preprocessor
    vocabulary: CTCVocabulary | None = None
    defect: str = ""

    def frames(self, seconds: float) -> int:
        """Frames that it makes of a recording."""
        steps = round(seconds * self.preprocessor.sample_rate)
        for _, kernel, stride in self.config.extractor_conv_layer_config:
            steps = max(0, (steps - kernel) // stride + 1)
        for _ in range(self.config.adapter_num_layers if self.config.add_adapter else 0):
            steps = max(0, (steps + 2 - self.config.adapter_kernel) // self.config.adapter_stride + 1)
        return steps

    def __str__(self) -> str:
        layers, width = self.config.encoder_num_layers, self.config.encoder_embed_dim
        return f"{self.config.family}, {layers} layers of {width}, {self.preprocessor.sample_rate} Hz"


def describe_encoder(source: str | os.PathLike[str], offline: bool | None = None) -> EncoderDescription:
    """What an encoder is, before anything large is fetched.

    Args:
        source: a folder, `hf:owner/name` or bare `owner/name`.
        offline: use the cache only.

    Raises:
        HubError: it cannot be had.
        WeightsError: it is of no family that can be fine-tuned here.
    """
    folder = fetch(source, files=["config.json"], optional=FURTHER, offline=offline, progress=False)
    try:
        description = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise WeightsError(f"config.json of {source} cannot be read: {error}", hint="fetch it again") from error
    config, preprocessor = Wav2Vec2Config.from_huggingface(description, aux=False), Preprocessor.from_folder(folder)
    return EncoderDescription(config, preprocessor, *_vocabulary(folder, description))


def _vocabulary(folder: Path, description: dict[str, Any]) -> tuple[CTCVocabulary | None, str]:
    """The labels of the head, if there is one, and otherwise what is wrong with it."""
    outputs = Wav2Vec2Config.from_huggingface(description).aux_num_out
    if outputs is None:
        return None, ""
    try:
        vocabulary = CTCVocabulary.from_folder(folder, description.get("pad_token_id", 0), outputs=outputs)
    except (WeightsError, ChoiceError) as error:
        return None, error.message
    return (None, "its labels are phones") if vocabulary.separator else (vocabulary, "")


class SpellingEncoder(Wav2Vec2CTC):
    """A pretrained encoder with a layer on top, the head, that gives a score to each letter.

    Args:
        source: of the encoder.
        letters: that a new head learns to write; the blank, the unknown and the mark between words come to them.
        mask_time: share of the frames masked in training.
        freeze_feature_extractor: whether the convolutions stay as they are.
        offline: use the cache only.
        keep_head: keep the head and the labels that the encoder has.
        lora_rank: learn adapters of this rank beside the layers of the transformer, which stay as they are as all
            else but the head does; 0 for none.

    Attributes:
        vocabulary: the labels.
        pretrained: what `save_wav2vec2` takes.

    Raises:
        HubError: the model cannot be had.
        WeightsError: it is not whole.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        letters: Sequence[str],
        mask_time: float = 0.2,
        freeze_feature_extractor: bool = True,
        offline: bool | None = None,
        keep_head: bool = False,
        lora_rank: int = 0,
    ) -> None:
        loaded = load_wav2vec2(source, head=keep_head, offline=offline)
        if keep_head and loaded.vocabulary is None:
            raise WeightsError(f"the weights of {source} have no head to keep", hint="--new-head makes a new one")
        vocabulary = loaded.vocabulary or CTCVocabulary(
            (BLANK, UNKNOWN, DELIMITER, *letters), 0, DELIMITER, special=frozenset({BLANK, UNKNOWN})
        )
        config = replace(
            loaded.config,
            aux_num_out=len(vocabulary.labels),
            mask_time_prob=mask_time,
            mask_time_length=MASKED_FRAMES,
            mask_time_min_masks=0,  # two masks, as usual, are all of a short recording
        )
        model = loaded.model
        if model.aux is None:
            model.aux = nn.Linear(config.output_width, len(vocabulary.labels))
            nn.init.normal_(model.aux.weight, std=0.02)
            nn.init.zeros_(model.aux.bias)
        model.masking = _masking(config, model.masking)
        model.feature_extractor.requires_grad_(not freeze_feature_extractor)
        self_contained = PretrainedWav2Vec2(model, config, loaded.preprocessor, vocabulary)
        super().__init__(self_contained)
        self.pretrained, self.vocabulary = self_contained, vocabulary
        self.adapted_layers: list[str] = []
        if lora_rank:
            adapted = AdaptedModel(
                model,
                LoRA,
                target_layers=ADAPTED_LAYERS,
                unfrozen_layers=("aux",),
                adapter_kwargs={"rank": lora_rank, "alpha": LORA_SCALE * lora_rank},
            )
            self.adapted_layers = adapted.replace_layers
            self.model = cast(Wav2Vec2Model, adapted)

    @property
    def head(self) -> nn.Module:
        """The layer for the letters."""
        if self.model.aux is None:
            raise WeightsError("the encoder has lost its head")
        return self.model.aux

    def encoder_parameters(self) -> list[nn.Parameter]:
        """All that learns but the head: what was pretrained, or its adapters."""
        others = {id(weight) for weight in self.head.parameters()}
        return [weight for weight in self.parameters() if weight.requires_grad and id(weight) not in others]

    def read(self, log_probs: Tensor, lengths: Tensor) -> list[str]:
        """The text of each item.

        Args:
            log_probs: `[batch, frames, labels]`.
            lengths: `[batch]`, shares of the longest.
        """
        from sonovox.decoding.ctc_greedy import ctc_greedy_decode

        tokens = ctc_greedy_decode(log_probs, lengths, blank_id=self.vocabulary.blank)
        return [self.vocabulary.decode_ids(each) for each in tokens]


def _masking(config: Wav2Vec2Config, former: SpanMasking | None) -> SpanMasking | None:
    """SpecAugment as `config` has it, with the vector for masked frames that was learnt, if there is one."""
    if config.mask_time_prob == 0 and config.mask_feature_prob == 0:
        return None
    masking = SpanMasking(
        config.encoder_embed_dim,
        config.mask_time_prob,
        config.mask_time_length,
        config.mask_time_min_masks,
        config.mask_feature_prob,
        config.mask_feature_length,
        config.mask_feature_min_masks,
    )
    if former is not None:
        masking.embedding = former.embedding
    return masking
