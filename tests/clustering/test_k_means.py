"""K-means, against scikit-learn."""

import pytest
import torch
from sklearn.cluster import KMeans

from sonovox._internal.errors import ArgumentError
from sonovox.clustering import k_means


def points(seed, size=90, spread=0.6):
    generator = torch.Generator().manual_seed(seed)
    centres = 3 * torch.randn(4, 3, generator=generator)
    return centres.repeat_interleave(size // 4 + 1, 0)[:size] + spread * torch.randn(size, 3, generator=generator)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_as_near_as_scikit_learn(seed):
    given = points(seed)
    labels, centres = k_means(given, 4)
    theirs = KMeans(4, n_init=20, random_state=0).fit(given.numpy())
    assert (given - centres[labels]).square().sum() <= 1.0001 * theirs.inertia_


def test_the_same_seed_gives_the_same_and_centres_are_means():
    given = points(1, spread=2.0)
    labels, centres = k_means(given, 5, seed=3)
    assert torch.equal(labels, k_means(given, 5, seed=3)[0])
    for label in range(5):
        torch.testing.assert_close(centres[label], given[labels == label].mean(0))


def test_equal_points_and_as_many_groups_as_points():
    assert k_means(torch.ones(4, 2), 2)[0].tolist() == [0, 0, 0, 0]
    assert k_means(torch.arange(3.0)[:, None], 3)[0].tolist() == [0, 1, 2]


def test_what_cannot_be_is_told():
    with pytest.raises(ArgumentError, match="must be"):
        k_means(torch.zeros(3), 1)
    with pytest.raises(ArgumentError, match="from 1 to the 3 items, got 4"):
        k_means(torch.zeros(3, 1), 4)
