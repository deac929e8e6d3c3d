"""SpecAugment on the frames of an encoder: spans of frames become one learnt vector, spans of channels zero.

Park et al., "SpecAugment: A Simple Data Augmentation Method for Automatic Speech
Recognition", 2019, as Baevski et al., "wav2vec 2.0", 2020, appendix B, use it for
fine-tuning: starts are drawn without repetition, and spans may overlap.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask

__all__ = ["SpanMasking", "span_mask"]


def span_mask(
    counts: Tensor,
    time: int,
    prob: float,
    length: int,
    min_masks: int = 0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """A mask `[batch, time]` that is true in random spans of each item.

    An item of `count` steps gets about `prob * count / length` spans (rounded up or
    down by chance), `min_masks` at least, but no more than it has room for starts.

    Args:
        counts: `[batch]`, steps of each item; no span reaches beyond them.
        time: steps of the mask.
        prob: share of the steps that spans cover, overlaps counted twice.
        length: steps of a span.
        min_masks: spans of each item, where there is room.
        generator: of random numbers; torch's own for the device of `counts` without one.

    Raises:
        ArgumentError: `prob` beyond [0, 1], or a `length` of no step.

    >>> mask = span_mask(torch.tensor([20, 10]), 20, prob=0.3, length=3, generator=torch.Generator().manual_seed(0))
    >>> mask.shape, mask[1, 10:].any().item()
    (torch.Size([2, 20]), False)
    """
    if not 0 <= prob <= 1 or length < 1:
        raise ArgumentError(
            f"prob must be in [0, 1] and length at least 1, got {prob} and {length}", hint="0.05 and 10 are usual"
        )
    device = counts.device if generator is None else generator.device
    counts, target = counts.to(device), counts.device
    chance = torch.rand((len(counts), time + 1), generator=generator, device=device)
    wanted = (prob * counts / length + chance[:, 0]).floor().long().clamp(min=min_masks)
    starts = (counts - length + 1).clamp(min=0)  # places where a span can begin
    order = chance[:, 1:].masked_fill(~length_to_mask(starts, time, torch.bool), -1).argsort(1, descending=True)
    rank = order.argsort(1)
    begins = rank < torch.minimum(wanted, starts).unsqueeze(1)
    covered = F.max_pool1d(F.pad(begins.float(), (length - 1, 0)).unsqueeze(1), length, stride=1)
    return covered.squeeze(1).bool().to(target)


class SpanMasking(nn.Module):
    """Masks spans of frames and of channels in training, and nothing in evaluation.

    Args:
        channels: of the frames.
        time_prob: see `span_mask`; so are the others.
        time_length: in frames.
        time_min_masks: of each item.
        feature_prob: the same along channels.
        feature_length: in channels.
        feature_min_masks: of each item.

    Attributes:
        generator: of random numbers; torch's own where None.
        enabled: False leaves training alone too.
    """

    def __init__(
        self,
        channels: int,
        time_prob: float = 0.05,
        time_length: int = 10,
        time_min_masks: int = 2,
        feature_prob: float = 0.0,
        feature_length: int = 10,
        feature_min_masks: int = 0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(channels).uniform_())
        self.time = (time_prob, time_length, time_min_masks)
        self.feature = (feature_prob, feature_length, feature_min_masks)
        self.generator: torch.Generator | None = None
        self.enabled = True

    def extra_repr(self) -> str:
        return f"time={self.time}, feature={self.feature}, enabled={self.enabled}"

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`x` `[batch, frames, channels]`; `counts` `[batch]`, frames of each item, or None where all are full."""
        if not self.training or not self.enabled:
            return x
        batch, frames, channels = x.shape
        if self.time[0] > 0:
            counts = torch.full((batch,), frames, device=x.device) if counts is None else counts
            mask = span_mask(counts, frames, *self.time, generator=self.generator)
            x = self.hide(x, mask)
        if self.feature[0] > 0:
            full = torch.full((batch,), channels, device=x.device)
            mask = span_mask(full, channels, *self.feature, generator=self.generator)
            x = x.masked_fill(mask.unsqueeze(1), 0)
        return x

    def hide(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` `[batch, frames, channels]` with the learnt vector where `mask` `[batch, frames]` is true."""
        return torch.where(mask.unsqueeze(-1), self.embedding.to(x.dtype), x)
