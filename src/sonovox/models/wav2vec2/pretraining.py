"""Pretraining of wav2vec 2.0 without labels: which quantised frame belongs into a gap?

Baevski et al., "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech
Representations", NeurIPS 2020, section 3.2. Frames are masked, the transformer looks
at the rest, and what it says of a masked frame must be nearer to the quantised frame
itself than to those of other places of the recording (contrastive loss), while all
entries of the codebooks stay in use (diversity loss). Differences: similarities of
all pairs of frames are one product, from which those to the distractors are taken, so
that memory does not grow with the number of distractors; and distractors that equal
the target are known by their codes, not by comparing floating point numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.masking import SpanMasking, span_mask
from sonovox.models.wav2vec2.model import Wav2Vec2Model, build_wav2vec2
from sonovox.models.wav2vec2.pretraining_masks import negative_indices
from sonovox.nn.quantisers import GumbelVectorQuantizer

__all__ = ["Wav2Vec2PretrainModel", "Wav2Vec2PretrainOutput", "Wav2Vec2PretrainingConfig", "contrastive_loss"]

# Ours -> theirs in config.json of Hugging Face.
_HUGGING_FACE: Final = {
    "num_codevector_groups": "num_codevector_groups",
    "num_codevectors_per_group": "num_codevectors_per_group",
    "codevector_dim": "codevector_dim",
    "proj_codevector_dim": "proj_codevector_dim",
    "num_negatives": "num_negatives",
    "logit_temp": "contrastive_logits_temperature",
    "diversity_loss_weight": "diversity_loss_weight",
    "quantiser_dropout": "feat_quantizer_dropout",
}


@dataclass(frozen=True)
class Wav2Vec2PretrainingConfig:
    """What pretraining adds to the sizes of an encoder; the defaults are those of wav2vec 2.0 base.

    Args:
        mask_prob: share of the frames that spans cover, overlaps counted twice.
        mask_length: frames of a span.
        num_codevector_groups: codebooks.
        num_codevectors_per_group: entries of a codebook.
        codevector_dim: features of the quantised frames.
        proj_codevector_dim: features in which frames are compared.
        num_negatives: distractors for each frame.
        logit_temp: cosines are divided by it.
        diversity_loss_weight: of the diversity loss in the sum.
        quantiser_dropout: before the quantiser.
        temperature_decay: (first, last, factor) of the quantiser's temperature, see `GumbelVectorQuantizer`.

    Raises:
        ArgumentError: shares beyond [0, 1], or no distractor.
    """

    mask_prob: float = 0.65
    mask_length: int = 10
    num_codevector_groups: int = 2
    num_codevectors_per_group: int = 320
    codevector_dim: int = 256
    proj_codevector_dim: int = 256
    num_negatives: int = 100
    logit_temp: float = 0.1
    diversity_loss_weight: float = 0.1
    quantiser_dropout: float = 0.0
    temperature_decay: tuple[float, float, float] = (2.0, 0.5, 0.999995)

    def __post_init__(self) -> None:
        if not 0 <= self.mask_prob <= 1 or self.mask_length < 1 or self.num_negatives < 1:
            raise ArgumentError(
                "mask_prob must be in [0, 1], mask_length and num_negatives at least 1, "
                f"got {self.mask_prob}, {self.mask_length} and {self.num_negatives}"
            )

    @classmethod
    def from_huggingface(cls, config: Mapping[str, Any], **others: Any) -> "Wav2Vec2PretrainingConfig":
        """From the `config.json` of a Hugging Face folder; `others` are what does not stand there.

        Raises:
            WeightsError: a key that is missing.
        """
        missing = [theirs for theirs in _HUGGING_FACE.values() if theirs not in config]
        if missing:
            raise WeightsError(
                f"config.json lacks {', '.join(missing)}", hint="only wav2vec 2.0 has what its pretraining needs"
            )
        return cls(**{ours: config[theirs] for ours, theirs in _HUGGING_FACE.items()}, **others)

    def to_huggingface(self) -> dict[str, Any]:
        """Its part of the `config.json` that transformers reads."""
        return {theirs: getattr(self, ours) for ours, theirs in _HUGGING_FACE.items()}


class Wav2Vec2PretrainOutput(NamedTuple):
    """What a pass of pretraining gives; losses are sums over the masked frames.

    Args:
        loss: the sum of the two that follow, the second with its weight.
        contrastive_loss: in nats.
        diversity_loss: share of the codebooks that is not in use, times the number of masked frames.
        codevector_perplexity: entries in use, by their probabilities in training and by the choices in evaluation.
        accuracy: share of the masked frames whose target is the nearest.
        projected_states: `(batch, frames, proj_codevector_dim)`, what the transformer says.
        projected_quantized_states: the same shape, the targets.
        mask: `(batch, frames)`, True where masked.
    """

    loss: Tensor
    contrastive_loss: Tensor
    diversity_loss: Tensor
    codevector_perplexity: Tensor
    accuracy: Tensor
    projected_states: Tensor
    projected_quantized_states: Tensor
    mask: Tensor


class Wav2Vec2PretrainModel(nn.Module):
    """An encoder with a quantiser of its frames, and the losses of the two.

    Args:
        config: sizes of the encoder; a head is left out.
        pretraining: sizes of what pretraining adds.

    Attributes:
        wav2vec2: the encoder, which is what one keeps.
        generator: of masks and distractors; torch's own where None.

    >>> small = Wav2Vec2Config(encoder_embed_dim=32, encoder_num_layers=1, encoder_num_heads=4)
    >>> model = Wav2Vec2PretrainModel(small, Wav2Vec2PretrainingConfig(num_negatives=5))
    >>> output = model(torch.randn(2, 16000), torch.tensor([16000, 9000]))
    >>> output.projected_states.shape, output.mask.shape, bool(output.loss > 0)
    (torch.Size([2, 49, 256]), torch.Size([2, 49]), True)
    """

    def __init__(self, config: Wav2Vec2Config, pretraining: Wav2Vec2PretrainingConfig | None = None) -> None:
        super().__init__()
        self.config, self.pretraining = config, pretraining or Wav2Vec2PretrainingConfig()
        sizes = self.pretraining
        self.wav2vec2: Wav2Vec2Model = build_wav2vec2(config)
        self.wav2vec2.aux = None
        masking = self.wav2vec2.masking or SpanMasking(config.encoder_embed_dim, 0.0)
        masking.enabled = False  # masks of pretraining are drawn here, in evaluation too
        self.wav2vec2.masking = masking
        self.quantizer = GumbelVectorQuantizer(
            config.extractor_conv_layer_config[-1][0],
            sizes.num_codevectors_per_group,
            sizes.temperature_decay,
            sizes.num_codevector_groups,
            sizes.codevector_dim,
        )
        self.dropout_features = nn.Dropout(sizes.quantiser_dropout)
        self.project_hid = nn.Linear(config.encoder_embed_dim, sizes.proj_codevector_dim)
        self.project_q = nn.Linear(sizes.codevector_dim, sizes.proj_codevector_dim)
        self.generator: torch.Generator | None = None

    def forward(
        self,
        waveforms: Tensor,
        lengths: Tensor | None = None,
        mask: Tensor | None = None,
        negatives: Tensor | None = None,
    ) -> Wav2Vec2PretrainOutput:
        """Losses, and what they are made of.

        Args:
            waveforms: `(batch, samples)`.
            lengths: `(batch,)`, samples of each item; all are full if None.
            mask: `(batch, frames)`, True for frames to be masked; drawn within the true length of each item if None.
            negatives: `(batch, frames, num_negatives)`, places of the distractors of each frame in the same item;
                drawn within its true length if None.
        """
        features, counts = self.wav2vec2.feature_extractor(waveforms, lengths)  # (batch, frames, channels)
        batch, frames, _ = features.shape
        full = torch.full((batch,), frames, device=features.device) if counts is None else counts
        if mask is None:
            sizes = self.pretraining
            mask = span_mask(full, frames, sizes.mask_prob, sizes.mask_length, 1, generator=self.generator)
        if negatives is None:
            negatives = negative_indices(full, frames, self.pretraining.num_negatives, self.generator)
        projection = self.wav2vec2.encoder.feature_projection
        normalised = projection.normalise(features)
        hidden = cast(SpanMasking, self.wav2vec2.masking).hide(projection.project(normalised), mask)
        states = self.project_hid(self.wav2vec2.encoder.transformer(hidden, counts))
        quantised = self.quantizer.quantise(self.dropout_features(normalised), mask)
        targets = self.project_q(quantised.vectors)
        contrastive, accuracy = contrastive_loss(
            states, targets, quantised.codes, negatives, mask, self.pretraining.logit_temp
        )
        in_use = quantised.prob_perplex if self.training else quantised.code_perplexity
        entries = self.quantizer.num_vars * self.quantizer.groups
        diversity = (entries - in_use) / entries * mask.sum()
        loss = contrastive + self.pretraining.diversity_loss_weight * diversity
        return Wav2Vec2PretrainOutput(loss, contrastive, diversity, in_use, accuracy, states, targets, mask)


def contrastive_loss(
    states: Tensor, targets: Tensor, codes: Tensor, negatives: Tensor, mask: Tensor, temperature: float = 0.1
) -> tuple[Tensor, Tensor]:
    """Cross entropy of finding the target of each masked step among its distractors, and how often it is found.

    Args:
        states: `(batch, time, channels)`, predictions.
        targets: `(batch, time, channels)`.
        codes: `(batch, time, groups)`, equal where targets are.
        negatives: `(batch, time, number)`, places of distractors in the same item; those that equal the target do not
            count.
        mask: `(batch, time)`, True for the steps that count.
        temperature: cosines are divided by it.

    Returns:
        The loss, summed over these steps in nats, and the share of them in which the target is the nearest.

    >>> targets = torch.eye(3).unsqueeze(0)
    >>> others = torch.tensor([[[1, 2], [0, 2], [0, 1]]])
    >>> codes, mask = torch.arange(3).view(1, 3, 1), torch.ones(1, 3, dtype=torch.bool)
    >>> loss, accuracy = contrastive_loss(targets, targets, codes, others, mask)
    >>> round(loss.item(), 6), accuracy.item()
    (0.000272, 1.0)
    """
    cosines = F.normalize(states.float(), dim=-1) @ F.normalize(targets.float(), dim=-1).mT  # (batch, time, time)
    right = cosines.diagonal(dim1=1, dim2=2).unsqueeze(-1)
    same = codes.gather(1, negatives.flatten(1).unsqueeze(-1).expand(-1, -1, codes.shape[-1]))
    equal = (same.unflatten(1, negatives.shape[1:]) == codes.unsqueeze(2)).all(-1)  # (batch, time, number)
    wrong = cosines.gather(2, negatives).masked_fill(equal, -torch.inf)
    logits = torch.cat([right, wrong], dim=-1) / temperature
    each = torch.logsumexp(logits, -1) - logits[..., 0]
    found = (logits[..., :1] >= logits[..., 1:]).all(-1) & mask
    return each.masked_fill(~mask, 0).sum(), found.sum() / mask.sum().clamp(min=1)
