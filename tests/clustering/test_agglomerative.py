"""Average linkage, against scipy."""

import pytest
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from sonovox._internal.errors import ArgumentError
from sonovox.clustering import agglomerative_clustering


def distances_of(size, seed):
    points = torch.randn(size, 5, generator=torch.Generator().manual_seed(seed)).double()
    points[: size // 2] += 2.0
    distances = torch.cdist(points, points)
    return ((distances + distances.T) / 2).fill_diagonal_(0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [2, 7, 60])
def test_the_groups_are_those_of_scipy(size, seed):
    distances = distances_of(size, seed)
    tree = linkage(squareform(distances.numpy(), checks=False), "average")
    for count in {1, 2, size // 2, size}:
        found = agglomerative_clustering(distances, count)
        assert adjusted_rand_score(fcluster(tree, count, "maxclust"), found) == 1
    for threshold in (0.5, 1.5, 2.5, 3.5):
        found = agglomerative_clustering(distances, threshold=threshold)
        assert adjusted_rand_score(fcluster(tree, threshold, "distance"), found) == 1


def test_equal_distances_end_too():
    distances = 1 - torch.eye(6)
    assert agglomerative_clustering(distances, threshold=1.0).tolist() == [0] * 6
    assert agglomerative_clustering(distances, threshold=0.9).tolist() == list(range(6))
    assert agglomerative_clustering(torch.zeros(1, 1), 1).tolist() == [0]


def test_what_cannot_be_is_told():
    for options in ({}, {"num_clusters": 1, "threshold": 1.0}):
        with pytest.raises(ArgumentError, match="one of them"):
            agglomerative_clustering(torch.zeros(2, 2), **options)
    with pytest.raises(ArgumentError, match=r"must be \(items, items\), got \(2, 3\)"):
        agglomerative_clustering(torch.zeros(2, 3), 1)
    with pytest.raises(ArgumentError, match="from 1 to the 2 items, got 3"):
        agglomerative_clustering(torch.zeros(2, 2), 3)
