"""Spectral clustering, against scikit-learn and groups that are known."""

import pytest
import torch
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

from sonovox._internal.errors import ArgumentError
from sonovox.clustering import largest_eigengap, spectral_clustering


def voices(counts, seed, spread=0.9):
    """Directions as of speakers: alike within a group, at random between groups; and whose they are."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.nn.functional.normalize(torch.randn(len(counts), 64, generator=generator), dim=1)
    truth = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    truth = truth[torch.randperm(len(truth), generator=generator)]
    rows = centres[truth] + spread * torch.randn(len(truth), 64, generator=generator) / 8
    return torch.nn.functional.normalize(rows, dim=1), truth


@pytest.mark.parametrize("counts", [[40, 40], [60, 20, 30], [25, 30, 35, 40, 45], [100, 15]])
def test_the_number_of_groups_and_the_groups_are_found(counts):
    vectors, truth = voices(counts, seed=sum(counts))
    similarities = vectors @ vectors.T
    assert largest_eigengap(similarities).num_clusters == len(counts)
    assert adjusted_rand_score(truth, spectral_clustering(similarities)) == 1


def test_a_given_number_is_kept():
    vectors, _ = voices([30, 30], seed=0)
    for count in (1, 2, 3):
        assert len(spectral_clustering(vectors @ vectors.T, count).unique()) == count


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_those_of_scikit_learn_on_the_same_graph(seed):
    vectors, _ = voices([20, 30, 25], seed=seed, spread=1.2)
    gap = largest_eigengap(vectors @ vectors.T)
    edges = torch.diag(gap.laplacian.diagonal()) - gap.laplacian
    edges = edges + 1e-3  # it warns of groups without any edge between them
    theirs = SpectralClustering(3, affinity="precomputed", random_state=0).fit_predict(edges.numpy())
    # It divides the Laplacian by the degrees, which may move an item between groups.
    assert adjusted_rand_score(theirs, spectral_clustering(vectors @ vectors.T, 3)) > 0.9


def test_only_the_order_of_similarities_counts():
    vectors, _ = voices([20, 20], seed=4)
    similarities = (vectors @ vectors.T).double()
    assert torch.equal(spectral_clustering(similarities), spectral_clustering(similarities.exp()))


def test_few_items():
    assert spectral_clustering(torch.ones(1, 1)).tolist() == [0]
    assert len(spectral_clustering(torch.eye(2), 2).unique()) == 2
    assert spectral_clustering(torch.eye(3), max_clusters=1).tolist() == [0, 0, 0]


def test_what_cannot_be_is_told():
    with pytest.raises(ArgumentError, match=r"\(items, items\)"):
        spectral_clustering(torch.zeros(2, 3))
    with pytest.raises(ArgumentError, match="max_clusters must be at least 1, got 0"):
        largest_eigengap(torch.eye(3), max_clusters=0)
    with pytest.raises(ArgumentError, match="from 1 to the 3 items, got 4"):
        spectral_clustering(torch.eye(3), 4)
