"""Bottom-up clustering: the two clusters that are nearest on average become one, again and again.

Average linkage by chains of nearest neighbours (Murtagh, "A survey of recent advances in
hierarchical clustering algorithms", The Computer Journal 26, 1983): a chain is followed
until two clusters are nearest to each other, which will be merged whatever else happens.
Quadratic in time and memory.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.clustering.matrices import check_count, check_square, numbered

__all__ = ["agglomerative_clustering"]


def agglomerative_clustering(
    distances: Tensor, num_clusters: int | None = None, *, threshold: float | None = None
) -> Tensor:
    """The cluster of each item, `(items,)`, int64, numbered as they first appear.

    Args:
        distances: `(items, items)`, symmetric, not negative.
        num_clusters: how many there shall be; or else
        threshold: clusters whose items are on average farther apart are not merged.

    Raises:
        ArgumentError: another shape, or not just one of `num_clusters` and `threshold`.

    >>> places = torch.tensor([0.0, 0.1, 5.0, 5.2])
    >>> agglomerative_clustering((places[:, None] - places).abs(), threshold=1.0)
    tensor([0, 0, 1, 1])
    """
    check_square("distances", distances)
    if (num_clusters is None) == (threshold is None):
        raise ArgumentError("give num_clusters or threshold, one of them", hint="threshold finds the number")
    size = len(distances)
    check_count("num_clusters", num_clusters, size)
    merges = sorted(_merges(distances.detach().double().cpu()), key=lambda merge: merge[0])
    if num_clusters is not None:
        merges = merges[: size - num_clusters]
    elif threshold is not None:
        merges = [merge for merge in merges if merge[0] <= threshold]
    leaders = list(range(size))
    for _, one, other in merges:
        first, second = _leader(leaders, one), _leader(leaders, other)
        leaders[max(first, second)] = min(first, second)
    return numbered(torch.tensor([_leader(leaders, item) for item in range(size)], dtype=torch.long))


def _merges(distances: Tensor) -> list[tuple[float, int, int]]:
    """All merges: the distance, and an item of each of the two clusters."""
    size = len(distances)
    distances = distances.clone()
    distances.fill_diagonal_(torch.inf)
    counts = torch.ones(size, dtype=distances.dtype)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    alive = torch.ones(size, dtype=torch.bool)
    while len(merges) < size - 1:
        if not chain:
            chain.append(int(alive.nonzero()[0]))
        last = chain[-1]
        row = distances[last]
        nearest = int(row.argmin())
        # Of equal ones the one before, so that the chain ends.
        if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
            nearest = chain[-2]
        if len(chain) < 2 or nearest != chain[-2]:
            chain.append(nearest)
            continue
        del chain[-2:]
        merges.append((float(row[nearest]), last, nearest))
        kept, gone = min(last, nearest), max(last, nearest)
        total = counts[kept] + counts[gone]
        merged = (counts[kept] * distances[kept] + counts[gone] * distances[gone]) / total
        merged[kept] = merged[gone] = torch.inf
        distances[kept] = distances[:, kept] = merged
        distances[gone] = distances[:, gone] = torch.inf
        counts[kept], alive[gone] = total, False
    return merges


def _leader(leaders: list[int], item: int) -> int:
    while leaders[item] != item:
        leaders[item] = leaders[leaders[item]]
        item = leaders[item]
    return item
