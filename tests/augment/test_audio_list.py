"""Files that a CSV file lists."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError, AudioNotFoundError, ChoiceError, DataError
from sonovox.augment.audio_list import AudioList, fitted
from sonovox.augment.item_random import ItemRandom


def listed(write_list, sorting="original", csv_keys=None, workers=0, file_rate=16000, sample_rate=16000, **sounds):
    sounds = sounds or {"b": torch.arange(30.0), "a": torch.arange(10.0), "c": torch.arange(20.0)}
    arguments = write_list(sounds)
    return AudioList(
        arguments["csv_file"], csv_keys, sorting, workers, arguments["replacements"], file_rate, sample_rate
    )


def names(files):
    return [path.rpartition("/")[2][0] for path in files.paths]


@pytest.mark.parametrize(("sorting", "order"), [("original", "bac"), ("ascending", "acb"), ("descending", "bca")])
def test_files_come_in_order_over_and_over(write_list, sorting, order):
    files = listed(write_list, sorting)
    assert names(files) == list(order)
    random = ItemRandom(None, 2)
    assert [files.choose(random, 2, by_seeds=False) for _ in range(3)] == [[0, 1], [2, 0], [1, 2]]


def test_with_seeds_files_are_drawn(write_list):
    drawn = listed(write_list, "random").choose(ItemRandom(torch.arange(300), 300), 300, by_seeds=True)
    assert all(60 < drawn.count(number) < 140 for number in range(3))
    with pytest.raises(ArgumentError, match="in order"):
        listed(write_list).choose(ItemRandom(torch.arange(2), 2), 2, by_seeds=True)


@pytest.mark.parametrize("workers", [0, 2])
def test_sections_are_read(write_list, workers):
    files = listed(write_list, workers=workers)
    sections = files.map(files.section, [0, 2], [5, 0], [3, 4])
    assert [section[:, 0].tolist() for section in sections] == [[5, 6, 7], [0, 1, 2, 3]]
    assert files.rate_and_size(1) == (16000, 10)


def test_sections_are_resampled(write_list):
    files = listed(write_list, file_rate=None, sample_rate=8000)
    assert files.section(0).shape == (15, 1)


def test_another_rate_than_told_is_refused(write_list):
    with pytest.raises(ArgumentError, match="16000 samples a second, 8000 were expected"):
        listed(write_list, file_rate=8000).rate_and_size(0)


def test_one_channel_serves_all_and_the_first_of_many_are_taken():
    sections = [torch.ones(2, 1), torch.arange(9.0).reshape(3, 3)]
    noise, sizes = fitted(sections, 3, 2, ["a", "b"])
    assert noise.tolist() == [[[1, 1], [1, 1], [0, 0]], [[0, 1], [3, 4], [6, 7]]]
    assert sizes.tolist() == [2, 3]
    with pytest.raises(ArgumentError, match="b has 3 channels, the waveforms have 4"):
        fitted(sections, 3, 4, ["a", "b"])


def test_the_column_may_be_chosen(tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("ID,duration,noise,rir\nx,1.0,a.wav,b.wav\n")
    assert AudioList(table, ["rir"], "original", 0, {}, None, 16000).paths == ["b.wav"]
    with pytest.raises(ArgumentError, match="got noise, rir"):
        AudioList(table, None, "original", 0, {}, None, 16000)
    with pytest.raises(DataError, match="did you mean noise"):
        AudioList(table, ["nosie"], "original", 0, {}, None, 16000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists no files"),
        ("ID,duration,wav\n", "lists no files"),
        ("ID,duration,wav\na,1.0\n", ":2: 3 fields were expected, got 2"),
        ("ID,duration,wav\na,long,a.wav\n", "got 'long'"),
        ("ID,wav\na,a.wav\n", "no column"),
    ],
)
def test_damaged_lists_are_told(tmp_path, text, words):
    table = tmp_path / "list.csv"
    table.write_text(text)
    with pytest.raises(DataError, match=words):
        AudioList(table, None, "ascending", 0, {}, None, 16000)


def test_a_misspelt_sorting_and_a_missing_file_are_told(write_list, tmp_path):
    with pytest.raises(ChoiceError, match="did you mean random"):
        listed(write_list, "radnom")
    files = listed(write_list)
    (tmp_path / "b.wav").unlink()
    with pytest.raises(AudioNotFoundError):
        files.section(0)
