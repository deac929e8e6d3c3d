import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.finetuning.split import split_items


def items(count, speakers=0, **more):
    return {f"u{n:02}": {**({"speaker": f"s{n % speakers}"} if speakers else {}), **more} for n in range(count)}


def test_a_seed_draws_the_same_share_again():
    train, dev, how = split_items(items(50), 0.1, seed=3)
    assert (len(train), len(dev), how) == (45, 5, "drawn by seed 3")
    assert sorted([*train, *dev]) == list(items(50))
    assert split_items(items(50), 0.1, seed=3)[1] == dev
    assert split_items(items(50), 0.1, seed=4)[1] != dev


def test_ten_speakers_are_drawn_whole():
    train, dev, how = split_items(items(60, speakers=12), 0.2, seed=0)
    heard = {name: items(60, speakers=12)[name]["speaker"] for name in [*train, *dev]}
    assert {heard[name] for name in train}.isdisjoint(heard[name] for name in dev)
    assert how == "all of 2 of 12 speakers, drawn by seed 0"


def test_few_speakers_are_in_both_unless_asked_for():
    assert split_items(items(20, speakers=4), 0.2, seed=0)[2] == "drawn by seed 0; the same speakers are in both"
    _, dev, _ = split_items(items(20, speakers=4), 0.2, seed=0, by="speaker")
    assert len(dev) == 5


@pytest.mark.parametrize("speakers", [0, 1])
def test_speakers_must_be_known_to_be_drawn(speakers):
    with pytest.raises(ArgumentError, match="--split speaker needs two speakers or more"):
        split_items(items(20, speakers=speakers), 0.2, seed=0, by="speaker")


def test_what_the_data_say_counts():
    marked = {**items(4, split="train"), "v": {"split": "validation"}, "t": {"split": "test"}}
    assert split_items(marked, 0.5, seed=0) == (["u00", "u01", "u02", "u03"], ["v"], "as the data say")
    train, dev, _ = split_items({**items(4, split="train"), "t": {"split": "test"}}, 0.25, seed=0)
    assert "t" not in {*train, *dev}


def test_one_watches_and_one_is_learnt_from_at_least():
    train, dev, _ = split_items(items(2), 0.01, seed=0)
    assert len(train) == len(dev) == 1
    train, dev, _ = split_items(items(2), 0.9, seed=0)
    assert len(train) == len(dev) == 1
