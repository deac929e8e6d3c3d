"""Cuts of Lhotse, by their attributes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.data.lhotse_cuts import read_lhotse


def cut(name, *supervisions):
    return SimpleNamespace(
        id=name,
        duration=1.5,
        sampling_rate=8000,
        supervisions=[SimpleNamespace(**values) for values in supervisions],
        load_audio=lambda: np.full((1, 12000), 0.5, np.float32),
    )


def test_cuts_are_items():
    cuts = [
        cut("c1", {"text": "hello", "speaker": "ann", "language": "English"}, {"text": "there", "speaker": "ann"}),
        cut("c2", {"text": "yes", "speaker": "bob"}, {"text": None, "speaker": "ann"}),
        cut("c3"),
    ]
    dataset = DynamicItemDataset.from_lhotse(iter(cuts), output_keys=["id", "text", "duration", "speaker", "sig"])
    dataset.add_dynamic_item(read_audio, takes="audio", provides="sig")
    item = dict(dataset[0])
    assert torch.equal(item.pop("sig"), torch.full((12000,), 0.5))
    assert item == {"id": "c1", "text": "hello there", "duration": 1.5, "speaker": "ann"}
    dataset.set_output_keys(["text"])
    assert dataset[1] == {"text": "yes"}
    assert "speaker" not in dataset.data["c2"]


def test_resampling_follows_the_rate_of_the_cut():
    assert len(read_audio(cut("c1"), sample_rate=16000)) == 24000


def test_a_cut_without_supervisions_says_nothing():
    assert read_lhotse([cut("c1")])["c1"].keys() == {"audio", "duration"}


def test_other_things_are_refused():
    with pytest.raises(ArgumentError, match="cuts must have id, supervisions, load_audio, got SimpleNamespace"):
        DynamicItemDataset.from_lhotse([SimpleNamespace(duration=1)])
    with pytest.raises(DataError, match="ids must differ, 'c1' stands twice"):
        DynamicItemDataset.from_lhotse([cut("c1"), cut("c1")])
