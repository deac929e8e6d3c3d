"""K-means: centres such that each point is near to one of them.

Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28,
1982; begun as Arthur and Vassilvitskii, "k-means++", SODA 2007, say.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.clustering.matrices import check_count, numbered

__all__ = ["k_means"]


def k_means(
    points: Tensor, num_clusters: int, *, n_starts: int = 10, n_steps: int = 100, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """The cluster of each point, `(points,)`, numbered as they first appear; and the centres, `(clusters, features)`.

    Args:
        points: `(points, features)`.
        num_clusters: of them, at most as many as points.
        n_starts: the best of so many starts is taken: that with the least sum of squared distances.
        n_steps: at most, from each start.
        seed: of the starts; the same gives the same.

    Raises:
        ArgumentError: another shape or number.

    >>> k_means(torch.tensor([[0.0], [0.2], [5.0]]), 2)
    (tensor([0, 0, 1]), tensor([[0.1000],
            [5.0000]]))
    """
    if points.dim() != 2 or len(points) == 0:
        raise ArgumentError(f"points must be (points, features), got {tuple(points.shape)}")
    check_count("num_clusters", num_clusters, len(points))
    generator = torch.Generator().manual_seed(seed)
    values = points.detach().double().cpu()
    best, least = torch.zeros(len(points), dtype=torch.long), torch.inf
    for _ in range(n_starts):
        labels, error = _from_start(values, _start(values, num_clusters, generator), n_steps)
        if error < least:
            best, least = labels, error
    best = numbered(best)
    return best, _centres(values, best, int(best.max()) + 1).to(points)


def _start(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Centres far from each other: each drawn by the squared distance from those before."""
    chosen = [int(torch.randint(len(points), (), generator=generator))]
    far = (points - points[chosen[0]]).square().sum(1)
    for _ in range(count - 1):
        weights = far if bool(far.sum() > 0) else torch.ones_like(far)
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
        far = torch.minimum(far, (points - points[chosen[-1]]).square().sum(1))
    return points[chosen]


def _from_start(points: Tensor, centres: Tensor, n_steps: int) -> tuple[Tensor, float]:
    labels = torch.full((len(points),), -1)
    error = 0.0
    for _ in range(n_steps):
        distances = torch.cdist(points, centres).square()
        nearest, found = distances.min(dim=1)
        error = float(nearest.sum())
        if torch.equal(found, labels):
            break
        labels = found
        centres = _centres(points, labels, len(centres), centres)
    return labels, error


def _centres(points: Tensor, labels: Tensor, count: int, empty: Tensor | None = None) -> Tensor:
    """Means of the clusters; of one without points that of before."""
    sums = points.new_zeros(count, points.shape[1]).index_add_(0, labels, points)
    sizes = torch.bincount(labels, minlength=count).unsqueeze(1)
    means = sums / sizes.clamp(min=1)
    return means if empty is None else torch.where(sizes > 0, means, empty)
