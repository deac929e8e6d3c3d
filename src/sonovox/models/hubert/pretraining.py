"""HuBERT's pretraining: the classes of masked frames are to be told from what is around them.

Hsu et al., "HuBERT: Self-Supervised Speech Representation Learning by Masked
Prediction of Hidden Units", 2021, sections II-B and II-C. Classes come from
outside, such as clusters of cepstra. Weights have torchaudio's names.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask
from sonovox.models.wav2vec2.masking import span_mask
from sonovox.models.wav2vec2.model import Wav2Vec2Model

__all__ = ["HuBERTPretrainModel", "LogitGenerator", "MaskGenerator"]

# Cosines are divided by it before the softmax.
_TEMPERATURE = 0.1


class MaskGenerator(nn.Module):
    """Spans of frames become a learnt vector, in evaluation too; spans of channels become zero.

    Args:
        encoder_embed_dim: channels.
        mask_prob: share of frames that spans cover, overlaps counted twice.
        mask_length: frames of a span.
        mask_channel_prob: the same for channels.
        mask_channel_length: channels of a span.

    Attributes:
        generator: of random numbers; torch's own where None.
    """

    def __init__(
        self,
        encoder_embed_dim: int,
        mask_prob: float = 0.8,
        mask_length: int = 10,
        mask_channel_prob: float = 0.0,
        mask_channel_length: int = 10,
    ) -> None:
        super().__init__()
        self.mask_embedding = nn.Parameter(torch.empty(encoder_embed_dim).uniform_())
        self.time = (mask_prob, mask_length)
        self.channel = (mask_channel_prob, mask_channel_length)
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """`x` `[batch, frames, channels]` with masks, and where they are, `[batch, frames]`; `counts` are frames."""
        _, frames, channels = x.shape
        mask = span_mask(counts, frames, *self.time, min_masks=1, generator=self.generator)
        x = torch.where(mask.unsqueeze(-1), self.mask_embedding.to(x.dtype), x)
        if self.channel[0] > 0:
            full = torch.full_like(counts, channels)
            zeroed = span_mask(full, channels, *self.channel, generator=self.generator)
            x = x.masked_fill(zeroed.unsqueeze(1), 0)
        return x, mask


class LogitGenerator(nn.Module):
    """Cosines of projected frames to the embeddings of the classes.

    Args:
        encoder_embed_dim: width of the frames.
        num_classes: classes.
        final_dim: width of the embeddings.
    """

    def __init__(self, encoder_embed_dim: int, num_classes: int, final_dim: int) -> None:
        super().__init__()
        self.label_embeddings = nn.Parameter(torch.empty(num_classes, final_dim).uniform_())
        self.final_proj = nn.Linear(encoder_embed_dim, final_dim)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Logits `[n, 1 + num_classes]` of `x` `[n, width]`: of the class in `label` `[n]`, and of all.

        Among all, the class itself and what equals it has minus infinity, so that
        a cross entropy against index 0 counts it once.
        """
        cosines = F.cosine_similarity(self.final_proj(x).unsqueeze(1), self.label_embeddings, dim=-1) / _TEMPERATURE
        right = cosines.gather(1, label.unsqueeze(1))
        equal = (self.label_embeddings[label].unsqueeze(1) == self.label_embeddings).all(-1)
        return torch.cat([right, cosines.masked_fill(equal, -math.inf)], dim=1)


class HuBERTPretrainModel(nn.Module):
    """An encoder, masks over its frames, and logits for the classes of the frames.

    Args:
        wav2vec2: the encoder, such as `hubert_base()`.
        mask_generator: masks frames.
        logit_generator: from hidden states to logits.
        feature_grad_mult: factor of the gradient of the convolutions; None for 1.

    >>> from sonovox.models.wav2vec2 import Wav2Vec2Config, build_wav2vec2
    >>> small = dict(encoder_embed_dim=32, encoder_num_layers=1, encoder_num_heads=4, encoder_pos_conv_groups=4)
    >>> encoder = build_wav2vec2(Wav2Vec2Config(family="hubert", **small))
    >>> model = HuBERTPretrainModel(encoder, MaskGenerator(32), LogitGenerator(32, num_classes=50, final_dim=16))
    >>> masked, unmasked, penalty = model(torch.randn(1, 16000), torch.randint(50, (1, 49)))
    >>> len(masked) + len(unmasked), masked.shape[1]
    (49, 51)
    """

    def __init__(
        self,
        wav2vec2: Wav2Vec2Model,
        mask_generator: nn.Module,
        logit_generator: nn.Module,
        feature_grad_mult: float | None = 0.1,
    ) -> None:
        super().__init__()
        self.wav2vec2 = wav2vec2
        self.mask_generator = mask_generator
        self.logit_generator = logit_generator
        self.feature_grad_mult = feature_grad_mult

    def forward(
        self, waveforms: Tensor, labels: Tensor, audio_lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the masked frames, of the others, and the mean square of the convolutions' output.

        Args:
            waveforms: `[batch, samples]`.
            labels: `[batch, frames]`, the class of each frame.
            audio_lengths: `[batch]`, samples of each item; all are full if None.

        Raises:
            ArgumentError: another number of labels than of frames.
        """
        lengths = torch.full((len(waveforms),), waveforms.shape[1], device=waveforms.device)
        x, counts = self.wav2vec2.feature_extractor(waveforms, lengths if audio_lengths is None else audio_lengths)
        if self.feature_grad_mult is not None:
            x = self.feature_grad_mult * x + (1 - self.feature_grad_mult) * x.detach()
        penalty = x.float().square().mean()
        if labels.shape != x.shape[:2]:
            raise ArgumentError(f"labels must be {tuple(x.shape[:2])}, one a frame, got {tuple(labels.shape)}")
        x, mask = self.mask_generator(self.wav2vec2.encoder.feature_projection(x), counts)
        x = self.wav2vec2.encoder.transformer(x, None if audio_lengths is None else counts)
        heard = length_to_mask(counts, x.shape[1], torch.bool)
        masked, others = (self.logit_generator(x[part], labels[part]) for part in (heard & mask, heard & ~mask))
        return masked, others, penalty
