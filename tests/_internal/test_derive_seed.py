"""Seeds that follow from a seed, an epoch and a name."""

from sonovox._internal.derive_seed import derive_seed


def test_seed_epoch_and_name_each_matter():
    seeds = {derive_seed(seed, epoch, name) for seed in (0, 1) for epoch in (0, 1) for name in ("a", "b", "1", "11")}
    assert len(seeds) == 16


def test_neighbours_do_not_run_together():
    assert derive_seed(1, 23, "4") != derive_seed(12, 3, "4")
