"""Permutation-invariant training: a loss under the best assignment of predicted sources to targets.

Yu et al., "Permutation invariant training of deep models for speaker-independent
multi-talker speech separation", ICASSP 2017. All permutations of all items are
compared at once, which is quick for the few speakers that talk at a time.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError

__all__ = ["PitWrapper", "best_permutation"]

_MOST_SOURCES = 8  # 40320 permutations


class PitWrapper(nn.Module):
    """A loss of sources, under the permutation of the predictions that makes it least.

    Args:
        base_loss: of one item's predictions and targets, each `(..., sources, sources)`, without a
            reduction of the last two dimensions, such as `nn.MSELoss(reduction="none")` or
            `cal_si_snr`. It is called once for the whole batch, by `torch.vmap`.

    >>> pit = PitWrapper(nn.MSELoss(reduction="none"))
    >>> targets = torch.tensor([[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]])
    >>> loss, order = pit(targets[..., [2, 0, 1]], targets)
    >>> loss, order
    (tensor([0.]), tensor([[1, 2, 0]]))
    >>> pit.reorder_tensor(targets[..., [2, 0, 1]], order)[0, 0]
    tensor([1., 2., 3.])
    """

    def __init__(self, base_loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.base_loss = base_loss

    def reorder_tensor(self, tensor: Tensor, p: Tensor | Sequence[Sequence[int]]) -> Tensor:
        """`tensor` with its sources in the order of the targets.

        Args:
            tensor: `(batch, ..., sources)`, in the order of the predictions.
            p: `(batch, sources)`, what `forward` gave.
        """
        order = torch.as_tensor(p, device=tensor.device)
        return tensor.gather(-1, order.reshape(len(order), *[1] * (tensor.dim() - 2), -1).expand_as(tensor))

    def forward(self, preds: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of each item, and the prediction that belongs to each of its targets.

        Args:
            preds: `(batch, ..., sources)`.
            targets: of the same shape.

        Returns:
            `(batch,)`, the mean over sources and all other dimensions, and `(batch, sources)`, int64.

        Raises:
            ArgumentError: shapes that do not fit; more than 8 sources; a base loss that reduces the pairs.
        """
        if preds.shape != targets.shape or preds.dim() < 2:
            raise ArgumentError(
                "predictions and targets must have one shape (batch, ..., sources), "
                f"got {tuple(preds.shape)} and {tuple(targets.shape)}"
            )
        pair = *preds.shape, preds.shape[-1]
        losses = torch.vmap(self.base_loss)(preds.unsqueeze(-2).expand(pair), targets.unsqueeze(-1).expand(pair))
        if losses.shape[-2:] != pair[-2:]:
            raise ArgumentError(
                f"base_loss must keep the last two dimensions, {pair[-2:]}, got {tuple(losses.shape[1:])} of an item",
                hint="give it reduction='none'",
            )
        return best_permutation(losses.flatten(1, -3).mean(1) if losses.dim() > 3 else losses)


def best_permutation(losses: Tensor) -> tuple[Tensor, Tensor]:
    """The least mean loss over assignments of predictions to targets, and the assignment.

    Args:
        losses: `(batch, sources, sources)`, of target i with prediction j.

    Returns:
        `(batch,)`, and `(batch, sources)`, int64: the prediction of each target. The first of
        equally good ones in the order of their numbers.

    Raises:
        ArgumentError: more than 8 sources.

    >>> best_permutation(torch.tensor([[[5.0, 1.0], [2.0, 5.0]]]))
    (tensor([1.5000]), tensor([[1, 0]]))
    """
    sources = losses.shape[-1]
    if sources > _MOST_SOURCES:
        raise ArgumentError(f"at most {_MOST_SOURCES} sources can be permuted, got {sources}")
    orders = torch.tensor(list(itertools.permutations(range(sources))), device=losses.device)
    means = losses[:, torch.arange(sources, device=losses.device), orders].mean(-1)  # (batch, permutations)
    least, which = means.min(1)
    return least, orders[which]
