"""Contrastive loss of wav2vec 2.0: tell the true target of a step among distractors.

Baevski et al., "wav2vec 2.0: a framework for self-supervised learning of speech
representations", NeurIPS 2020, section 3.2.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sonovox._internal.errors import ArgumentError

__all__ = ["ContrastiveLoss"]


class ContrastiveLoss(nn.Module):
    """Cross-entropy of finding each step's target among its negatives by cosine similarity.

    Args:
        logit_temp: temperature by which similarities are divided.

    >>> x = torch.eye(3).unsqueeze(0)
    >>> loss, accuracy = ContrastiveLoss(logit_temp=0.1)(x, x, x.roll(1, dims=1).unsqueeze(0))
    >>> round(loss.item(), 6), accuracy
    (0.000136, tensor(1.))
    """

    def __init__(self, logit_temp: float) -> None:
        super().__init__()
        self.logit_temp = logit_temp

    def forward(self, x: Tensor, y: Tensor, negs: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, summed over all steps in nats, and the share of steps whose target is the most similar.

        Args:
            x: `(batch, time, channels)`, predictions.
            y: `(batch, time, channels)`, targets.
            negs: `(negatives, batch, time, channels)`, distractors. One that equals its target does not count.

        Raises:
            ArgumentError: shapes that do not fit.
        """
        if x.shape != y.shape or x.dim() != 3 or negs.shape[1:] != y.shape:
            raise ArgumentError(
                "x and y must be (batch, time, channels) and negs (negatives, batch, time, channels), "
                f"got shapes {tuple(x.shape)}, {tuple(y.shape)} and {tuple(negs.shape)}"
            )
        candidates = torch.cat([y.unsqueeze(0), negs])
        similarity = F.cosine_similarity(x.float(), candidates.float(), dim=-1).to(x.dtype)  # (1 + negatives, ...)
        is_target = F.pad((negs == y).all(-1), (0, 0, 0, 0, 1, 0))
        logits = similarity.masked_fill(is_target, -torch.inf).flatten(1).T  # (batch * time, 1 + negatives)
        targets = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
        loss = F.cross_entropy(logits / self.logit_temp, targets, reduction="sum")
        return loss, (logits.argmax(-1) == 0).to(x.dtype).mean()

    def extra_repr(self) -> str:
        return f"logit_temp={self.logit_temp}"
