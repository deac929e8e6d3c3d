"""Speed."""

import pytest
import torch

from sonovox import functional as F
from sonovox._internal.errors import ArgumentError
from sonovox.augment import SpeedPerturb

X = torch.randn(60, 800, generator=torch.Generator().manual_seed(0))


def test_without_lengths_the_batch_has_one_speed():
    torch.manual_seed(0)
    perturb = SpeedPerturb(8000)
    sizes = {perturb(X).shape[1] for _ in range(40)}
    assert sizes == {889, 800, 728}  # ceil(800 / 0.9), 800 and ceil(800 / 1.1)


def test_with_lengths_each_item_has_its_own_speed():
    lengths = torch.linspace(0.5, 1.0, 60)
    counts = (lengths * 800).round().long()
    y, new = SpeedPerturb(8000, [80, 100, 125])(X, lengths, seeds=torch.arange(60))
    new_counts = (new * y.shape[1]).round().long()
    ratios = (counts / new_counts).double()
    found = set()
    for item in range(60):
        factor = min((0.8, 1.0, 1.25), key=lambda f, r=ratios[item]: abs(f - float(r)))
        found.add(factor)
        alone, _ = F.speed(X[item, : counts[item]], 8000, factor)
        count = int(new_counts[item])
        assert count == len(alone)
        torch.testing.assert_close(y[item, :count], alone, atol=1e-5, rtol=1e-5)
        assert not y[item, count:].any()
    assert found == {0.8, 1.0, 1.25}
    assert y.shape[1] == int(new_counts.max())


def test_an_item_does_not_depend_on_its_batch():
    seeds, perturb = torch.arange(60), SpeedPerturb(8000)
    y, lengths = perturb(X, torch.ones(60), seeds=seeds)
    alone, length = perturb(X[7:8], torch.ones(1), seeds=seeds[7:8])
    count = round(float(lengths[7]) * y.shape[1])
    assert alone.shape[1] == count
    assert length.tolist() == [1.0]
    torch.testing.assert_close(alone, y[7:8, :count])


def test_channels_stay_together():
    x = X[:4].unsqueeze(-1).expand(-1, -1, 2)
    y, _ = SpeedPerturb(8000)(x, torch.ones(4), seeds=torch.arange(4))
    assert torch.equal(y[..., 0], y[..., 1])


@pytest.mark.parametrize("shape", [(0, 50), (2, 0), (2, 1)])
def test_empty_and_short_batches_pass(shape):
    y, lengths = SpeedPerturb(8000, [50, 100])(torch.ones(shape), torch.ones(shape[0]))
    assert y.isfinite().all()
    assert lengths.isfinite().all()
    assert len(y) == len(lengths) == shape[0]


@pytest.mark.parametrize(
    ("arguments", "words"), [((8000, []), "at least one"), ((8000, [0]), "in percent"), ((0,), "orig_freq")]
)
def test_unusable_arguments_are_refused(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        SpeedPerturb(*arguments)


def test_seeds_need_lengths():
    with pytest.raises(ArgumentError, match="seeds need lengths"):
        SpeedPerturb(8000)(X, seeds=torch.arange(60))


@pytest.mark.peers
@pytest.mark.parametrize("percent", [90, 105])
def test_it_is_speechbrains(percent):
    peer = pytest.importorskip("speechbrain.augment.time_domain", reason="needs speechbrain", exc_type=ImportError)
    theirs = peer.SpeedPerturb(16000, [percent])(X.clone())
    torch.testing.assert_close(SpeedPerturb(16000, [percent])(X), theirs, atol=1e-5, rtol=1e-5)
