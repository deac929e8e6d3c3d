"""Margins that make a classifier of directions harder to please, for embeddings of speakers.

Outputs are cosines of angles between embeddings and the directions of classes. The
(additive) margin is that of Wang et al., "CosFace", CVPR 2018; the additive angular
margin that of Deng et al., "ArcFace", CVPR 2019.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sonovox._internal.errors import ArgumentError
from sonovox.losses.nll import nll_loss

__all__ = ["AdditiveAngularMargin", "AngularMargin", "LogSoftmaxWrapper"]


class AngularMargin(nn.Module):
    """Cosines with a margin taken from that of the target, scaled: `scale (cos t - margin)`.

    Args:
        margin: of the cosine.
        scale: factor of all outputs.

    >>> margin = AngularMargin(margin=0.2, scale=10.0)
    >>> margin(torch.tensor([[0.8, 0.1]]), torch.tensor([[1.0, 0.0]]))
    tensor([[6., 1.]])
    """

    def __init__(self, margin: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The logits.

        Args:
            outputs: `(..., classes)`, cosines in [-1, 1].
            targets: of the same shape, 1 for the target and 0 for other classes.
        """
        return self.scale * (outputs - self.margin * targets)

    def extra_repr(self) -> str:
        return f"margin={self.margin}, scale={self.scale}"


class AdditiveAngularMargin(AngularMargin):
    """Cosines with a margin added to the angle of the target, scaled: `scale cos(t + margin)`.

    Where the angle with its margin would pass 180 degrees, and the cosine rise again, it goes on
    straight down instead: `cos t - margin sin(margin)`.

    Args:
        margin: of the angle, in radians.
        scale: factor of all outputs.
        easy_margin: add the margin only to angles below 90 degrees, and leave others alone.

    >>> margin = AdditiveAngularMargin(margin=0.5, scale=10.0)
    >>> margin(torch.tensor([[0.8, 0.1]]), torch.tensor([[1.0, 0.0]]))
    tensor([[4.1441, 1.0000]])
    """

    def __init__(self, margin: float = 0.0, scale: float = 1.0, easy_margin: bool = False) -> None:
        super().__init__(margin, scale)
        self.easy_margin = easy_margin

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The logits; for the arguments see `AngularMargin`."""
        cosine = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        squared_sine = 1.0 - cosine.square()
        is_apart = squared_sine > 0  # the root has no slope at 0
        sine = torch.where(is_apart, torch.where(is_apart, squared_sine, 1.0).sqrt(), 0.0)
        turned = cosine * math.cos(self.margin) - sine * math.sin(self.margin)  # cos(t + margin)
        if self.easy_margin:
            turned = torch.where(cosine > 0, turned, cosine)
        else:
            straight = cosine - math.sin(self.margin) * self.margin
            turned = torch.where(cosine > math.cos(math.pi - self.margin), turned, straight)
        return self.scale * (targets * turned + (1.0 - targets) * cosine)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, easy_margin={self.easy_margin}"


class LogSoftmaxWrapper(nn.Module):
    """Cross-entropy of the logits that a margin makes.

    Args:
        loss_fn: makes logits `(batch, classes)` of outputs and one-hot targets of this shape, such as
            `AdditiveAngularMargin`.

    >>> loss = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.2, scale=10.0))
    >>> loss(torch.tensor([[[0.8, 0.1]], [[-0.3, 0.9]]]), torch.tensor([[0], [1]]))
    tensor(0.0018)
    """

    def __init__(self, loss_fn: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.loss_fn = loss_fn

    def forward(self, outputs: Tensor, targets: Tensor, length: Tensor | None = None) -> Tensor:
        """The mean over the items, in nats.

        Args:
            outputs: `(batch, 1, classes)` or `(batch, classes)`.
            targets: `(batch, 1)` or `(batch,)`, integers in `[0, classes)`.
            length: accepted beside other losses; an item has one prediction.

        Raises:
            ArgumentError: other shapes, or targets that are no class.
        """
        outputs = outputs.squeeze(1) if outputs.dim() == 3 else outputs
        targets = targets.squeeze(1) if targets.dim() == 2 else targets
        if outputs.dim() != 2 or targets.shape != outputs.shape[:1]:
            raise ArgumentError(
                "outputs must be (batch, 1, classes) and targets (batch, 1), "
                f"got {tuple(outputs.shape)} and {tuple(targets.shape)} without the dimensions of 1"
            )
        one_hot = F.one_hot(targets.long().clamp(0, outputs.shape[1] - 1), outputs.shape[1]).to(outputs.dtype)
        return nll_loss(self.loss_fn(outputs, one_hot).log_softmax(-1), targets)
