"""Spectral clustering: groups that hang together in a graph of neighbours, and how many there are.

The graph has an edge from each item to its nearest neighbours. Of its Laplacian, as many
eigenvalues are near zero as there are groups, and the gap behind them tells their number.
How many neighbours count is found, too: Park et al., "Auto-tuning spectral clustering for
speaker diarization using normalized maximum eigengap", IEEE Signal Processing Letters 27,
2020. The groups are those of k-means on the eigenvectors (von Luxburg, "A tutorial on
spectral clustering", 2007).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.clustering.k_means import k_means
from sonovox.clustering.matrices import check_count, check_square

__all__ = ["Eigengap", "largest_eigengap", "spectral_clustering"]

# Numbers of neighbours that are tried, and their least and their largest share of all items.
TRIED, FEWEST, LARGEST_SHARE = 12, 3, 0.3
TINY = 1e-10


class Eigengap(NamedTuple):
    """What the eigenvalues tell.

    Attributes:
        num_clusters: how many groups there are.
        neighbours: of each item, with which that was clearest.
        laplacian: of the graph with these, `(items, items)`.
    """

    num_clusters: int
    neighbours: int
    laplacian: Tensor


def spectral_clustering(
    similarities: Tensor, num_clusters: int | None = None, *, max_clusters: int = 10, seed: int = 0
) -> Tensor:
    """The cluster of each item, `(items,)`, int64, numbered as they first appear.

    Args:
        similarities: `(items, items)`, symmetric; the larger, the more alike. Only their order counts.
        num_clusters: how many there are; None to find it, as `largest_eigengap`.
        max_clusters: that are looked for.
        seed: of k-means.

    Raises:
        ArgumentError: another shape or number.

    >>> group = torch.ones(4, 4)
    >>> spectral_clustering(torch.block_diag(group, group, group))
    tensor([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    """
    check_square("similarities", similarities)
    check_count("num_clusters", num_clusters, len(similarities))
    gap = largest_eigengap(similarities, max_clusters=max_clusters)
    count = gap.num_clusters if num_clusters is None else num_clusters
    if count == 1:
        return torch.zeros(len(similarities), dtype=torch.long)
    _, vectors = torch.linalg.eigh(gap.laplacian)
    return k_means(vectors[:, :count], count, seed=seed)[0]


def largest_eigengap(similarities: Tensor, *, max_clusters: int = 10) -> Eigengap:
    """How many groups of items there are.

    Args:
        similarities: as for `spectral_clustering`.
        max_clusters: at most so many are found.

    Raises:
        ArgumentError: another shape, or a number below 1.
    """
    check_square("similarities", similarities)
    if max_clusters < 1:
        raise ArgumentError(f"max_clusters must be at least 1, got {max_clusters}")
    size = len(similarities)
    values = similarities.detach().double().cpu()
    best, least = None, torch.inf
    for neighbours in _neighbour_counts(size):
        laplacian = _laplacian(values, neighbours)
        spectrum = torch.linalg.eigvalsh(laplacian)
        gaps = spectrum[: max_clusters + 1].diff()
        if len(gaps) == 0:
            return Eigengap(1, neighbours, laplacian)
        # A clear gap with few neighbours: the fewer, the less do groups run into each other.
        unclear = neighbours / (float(gaps.max() / spectrum[-1].clamp(min=TINY)) + TINY)
        if unclear < least:
            best, least = Eigengap(int(gaps.argmax()) + 1, neighbours, laplacian), unclear
    return best or Eigengap(1, 1, torch.zeros_like(values))


def _neighbour_counts(size: int) -> list[int]:
    largest = max(min(FEWEST, size), round(LARGEST_SHARE * size))
    steps = torch.linspace(min(FEWEST, size), largest, TRIED)
    return sorted({int(step) for step in steps.round()})


def _laplacian(similarities: Tensor, neighbours: int) -> Tensor:
    """Of the graph in which each item is joined with its nearest ones, itself among them."""
    nearest = similarities.topk(min(neighbours, len(similarities)), dim=1).indices
    edges = torch.zeros_like(similarities).scatter_(1, nearest, 1.0)
    edges = (edges + edges.T) / 2
    return torch.diag(edges.sum(1)) - edges
