"""Sums over all paths of a transducer's lattice, by the recursions of Graves (2012), section 2.4.

They run over anti-diagonals, whose nodes do not depend on each other (Bagby, Rao and
Sim, "Efficient implementation of recurrent neural network transducer in TensorFlow",
SLT 2018). A building block of `dsp`, not part of its faces.
"""

import torch
from torch import Tensor, nn

__all__ = ["sum_paths"]


def sum_paths(
    blank_scores: Tensor, label_scores: Tensor, logit_lengths: Tensor, target_lengths: Tensor, with_shares: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Log-sum over all paths `(batch,)`, and the share of it that takes each step `(batch, time, labels + 1)`.

    A node (t, u) stands for u labels after t frames; a blank leads to (t + 1, u) and a
    label to (t, u + 1). Paths start at (0, 0) and end at (logit_length, target_length), to
    which only a blank leads. Sums from a node to the end are those from the start of
    the lattice that is turned round, and both are computed side by side.

    Args:
        blank_scores: `(batch, time, labels + 1)`, float64, log-probability of a blank at each node.
        label_scores: `(batch, time, labels)`, likewise of the next label.
        logit_lengths: `(batch,)`, frames of each item.
        target_lengths: `(batch,)`, labels of each item.
        with_shares: without, only the sum is computed, and returned three times.

    >>> total, blanks, labels = sum_paths(torch.zeros(1, 2, 2), torch.zeros(1, 2, 1), *torch.tensor([[2], [1]]), True)
    >>> total.exp(), labels  # two paths, with the label in the first or in the second frame
    (tensor([2.]), tensor([[[0.5000, 0.0000],
             [0.5000, 0.0000]]]))
    """
    batch, time, nodes = blank_scores.shape
    t = torch.arange(time + 1, device=blank_scores.device)[None, :, None]
    u = torch.arange(nodes, device=blank_scores.device)[None, None, :]
    last_t, last_u = logit_lengths[:, None, None], target_lengths[:, None, None]
    outside = (t >= last_t) | (u >= last_u)
    blanks = nn.functional.pad(blank_scores, (0, 0, 0, 1), value=-torch.inf)
    labels = nn.functional.pad(label_scores, (0, 1, 0, 1), value=-torch.inf).masked_fill(outside, -torch.inf)
    if with_shares:
        turned_blanks = _pick(blanks, last_t - t - 1, last_u - u)
        turned_labels = _pick(labels, last_t - t, last_u - u - 1)
        scores = _sums_from_start(torch.cat((blanks, turned_blanks)), torch.cat((labels, turned_labels)))
    else:
        scores = _sums_from_start(blanks, labels)
    total = _pick(scores[:batch], last_t, last_u)[:, 0, 0]
    if not with_shares:
        return total, total, total
    to_end = _pick(scores[batch:], last_t - t, last_u - u)
    relative = scores[:batch] - total.masked_fill(total == -torch.inf, 0.0)[:, None, None]
    after_label = nn.functional.pad(to_end[:, :, 1:], (0, 1), value=-torch.inf)
    blank_share = (relative[:, :-1] + blanks[:, :-1] + to_end[:, 1:]).exp()
    label_share = (relative[:, :-1] + labels[:, :-1] + after_label[:, :-1]).exp()
    return total, blank_share, label_share


def _pick(scores: Tensor, t: Tensor, u: Tensor) -> Tensor:
    """`scores[b, t, u]` with t and u that differ between the items; minus infinity beyond the edges."""
    nodes = scores.shape[2]
    t, u = torch.broadcast_tensors(t, u)
    inside = (t >= 0) & (t < scores.shape[1]) & (u >= 0) & (u < nodes)
    index = (t * nodes + u).masked_fill(~inside, 0).expand(len(scores), -1, -1)
    return scores.flatten(1).gather(1, index.flatten(1)).view(index.shape).masked_fill(~inside, -torch.inf)


def _sums_from_start(blanks: Tensor, labels: Tensor) -> Tensor:
    """Log-sums of the paths from (0, 0) to each node of `(batch, time + 1, nodes)`."""
    batch, rows, nodes = blanks.shape
    diagonals = torch.arange(rows + nodes - 1, device=blanks.device)[:, None]
    u = torch.arange(nodes, device=blanks.device)
    skewed_blanks = _pick(blanks, (diagonals - u)[None], u).movedim(1, 0).contiguous()  # (diagonals, batch, nodes)
    # The label that leads to u left from u - 1, one diagonal before.
    skewed_labels = _pick(labels, (diagonals - u + 1)[None], u - 1).movedim(1, 0).contiguous()
    # A column before the first node spares the case of its own for u = 0.
    sums = blanks.new_full((rows + nodes - 1, batch, nodes + 1), -torch.inf)
    sums[0, :, 1] = 0.0
    here, left = sums[:, :, 1:].unbind(), sums[:, :, :-1].unbind()
    steps = zip(here, left, skewed_blanks.unbind(), skewed_labels.unbind(), here[1:], strict=False)
    for now, before, by_blank, by_label, following in steps:
        torch.logaddexp(by_blank.add_(now), by_label.add_(before), out=following)
    back = torch.arange(rows, device=blanks.device)[:, None] + u
    return sums[back, :, u + 1].movedim(-1, 0)
