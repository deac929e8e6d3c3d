"""Data sets of Hugging Face, by their methods."""

import io

import numpy as np
import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, DataError
from sonovox._internal.replacements import Replacements
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.data.arrow_items import ArrowItems
from sonovox.data.audio import audio_duration


class Rows:
    """What `datasets.Dataset` answers, with a record of the columns that were read."""

    def __init__(self, columns, log):
        self.columns, self.log = columns, log

    @property
    def column_names(self):
        return list(self.columns)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index):
        self.log += self.columns
        return {name: values[index] for name, values in self.columns.items()}

    def select_columns(self, names):
        return Rows({name: self.columns[name] for name in names}, self.log)


@pytest.fixture
def rows():
    audio = [
        {"array": np.full(800, 0.25), "sampling_rate": 8000, "path": None},
        {"array": np.ones(4), "sampling_rate": 8000},
    ]
    return Rows({"audio": audio, "text": ["$root/b", "a"], "seconds": [2.0, 1.0]}, [])


def test_rows_are_items(rows):
    dataset = DynamicItemDataset.from_arrow_dataset(rows, {"root": "/d"}, [], ["id", "text", "sig"])
    dataset.add_dynamic_item(read_audio, takes="audio", provides="sig")
    item = dict(dataset[0])
    assert torch.equal(item.pop("sig"), torch.full((800,), 0.25))
    assert item == {"id": "0", "text": "/d/b"}


def test_sound_is_not_decoded_to_sort(rows):
    dataset = DynamicItemDataset.from_arrow_dataset(rows)
    assert dataset.filtered_sorted(sort_key="seconds").data_ids == ["1", "0"]
    assert set(rows.log) == {"seconds"}


def test_rows_are_mappings(rows):
    items = ArrowItems(rows, Replacements(None))
    assert (list(items), list(items["1"]), items["1"]["text"]) == (["0", "1"], ["id", "audio", "text", "seconds"], "a")
    assert "2" not in items


def test_a_column_may_be_the_id():
    dataset = DynamicItemDataset.from_arrow_dataset(Rows({"id": [7, "x"], "n": [1, 2]}, []))
    assert (dataset.data_ids, dataset.column("n")) == (["7", "x"], [1, 2])
    with pytest.raises(DataError, match="2 different ids were expected, got 1"):
        DynamicItemDataset.from_arrow_dataset(Rows({"id": [1, 1]}, []))


def test_other_things_are_refused(rows):
    splits = type("DatasetDict", (dict,), {"column_names": {"train": ["text"], "test": ["text"]}})()
    with pytest.raises(ArgumentError, match=r'got DatasetDict of the splits train, test; .* dataset\["train"\]'):
        DynamicItemDataset.from_arrow_dataset(splits)
    with pytest.raises(ArgumentError, match="got NoneType; is it streaming"):
        DynamicItemDataset.from_arrow_dataset(None)


def test_sound_of_every_kind_is_read():
    """Decoded, not decoded, and of the decoder that newer versions give."""
    file = io.BytesIO()
    sonovox.save(file, torch.full((80,), 0.5), 8000, format="wav")
    packed = {"bytes": file.getvalue(), "path": "a.wav"}
    samples = type("Samples", (), {"data": torch.full((1, 80), 0.5), "sample_rate": 8000})
    decoder = type("AudioDecoder", (), {"get_all_samples": lambda self: samples})()
    for sound in (packed, decoder, {"array": [0.5] * 80, "sampling_rate": 8000}):
        assert torch.equal(read_audio(sound), torch.full((80,), 0.5))
        assert audio_duration(sound) == 0.01
