"""Folders of sound and text."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import DataError, ItemError
from sonovox.data import DynamicItemDataset
from sonovox.data.audio_folder import read_audio_folder, texts_without_sound


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2.flac", "a/1.wav", ".hidden/3.wav"):
        sonovox.save(tmp_path / name, torch.zeros(4000, dtype=torch.int16), 8000)
    (tmp_path / "notes.md").write_text("no sound")
    return tmp_path


def test_text_stands_beside_the_sound(folder):
    (folder / "a/1.txt").write_text("hello\nthere \n")
    (folder / "b/2.lab").write_text("yes")
    dataset = DynamicItemDataset.from_folder(folder, output_keys=["id", "text", "duration", "audio"])
    assert list(dataset) == [
        {"id": "a/1", "text": "hello there", "duration": 0.5, "audio": str(folder / "a/1.wav")},
        {"id": "b/2", "text": "yes", "duration": 0.5, "audio": str(folder / "b/2.flac")},
    ]
    found = f"2 sound files in {folder}; text of 1 from .txt files beside them, text of 1 from .lab files beside them"
    assert dataset.description == found
    assert repr(dataset) == f"<DynamicItemDataset of 2 items: {found}>"


@pytest.mark.parametrize(
    "lines",
    [
        "a/1 hello there\nb/2 yes\n",
        "1.wav\thello there\n2.flac\tyes\n",
        "1|Hello, there|hello there\n2|Yes|yes\n",
        "\n2 yes\na/1.wav hello there",
    ],
)
def test_text_stands_in_a_list(folder, tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("list") / "list.csv"
    path.write_text(lines)
    dataset = DynamicItemDataset.from_folder(folder, transcripts=path)
    assert dataset.column("text") == ["hello there", "yes"]
    assert "text of 2 from list.csv" in dataset.description


def test_a_list_of_other_names_is_refused(folder):
    (folder / "list.txt").write_text("1 a\n7 b\n")
    with pytest.raises(DataError, match=r"list.txt: 1 of 2 names have no sound in .*: 7;"):
        DynamicItemDataset.from_folder(folder, folder / "list.txt")
    (folder / "list.txt").write_text("1 a\n1 b\n")
    with pytest.raises(DataError, match=r"list.txt:2: '1' stands twice"):
        DynamicItemDataset.from_folder(folder, folder / "list.txt")


def test_sound_without_text_is_counted(folder):
    (folder / "a/1.txt").write_text("hello")
    dataset = DynamicItemDataset.from_folder(folder, output_keys=["text"])
    assert dataset.description.endswith("text of 1 from .txt files beside them, 1 without text")
    assert dataset[0] == {"text": "hello"}
    with pytest.raises(ItemError, match="item 'b/2' has no 'text'"):
        dataset[1]


def test_transcripts_of_librispeech_are_found(shared_data, speech_manifest):
    dataset = DynamicItemDataset.from_folder(shared_data / "librispeech", output_keys=["text", "speaker"])
    manifest = {item["audio"].stem: item["text"] for item in speech_manifest("librispeech")}
    found = dict(zip(dataset.data_ids, dataset.column("audio"), strict=True))
    assert {path.rpartition("/")[2].removesuffix(".flac") for path in found.values()} == manifest.keys()


def test_librispeech_layout(tmp_path):
    for number in ("0000", "0001"):
        sonovox.save(tmp_path / f"84/121/84-121-{number}.flac", torch.zeros(800, dtype=torch.int16), 8000)
    (tmp_path / "84/121/84-121.trans.txt").write_text("84-121-0000 HELLO THERE\n84-121-0001 YES\n")
    dataset = DynamicItemDataset.from_folder(tmp_path, output_keys=["id", "text", "speaker"])
    assert list(dataset) == [
        {"id": "84-121-0000", "text": "HELLO THERE", "speaker": "84"},
        {"id": "84-121-0001", "text": "YES", "speaker": "84"},
    ]
    assert "text of 2 from *.trans.txt" in dataset.description


def test_two_sounds_of_one_name_are_refused(folder):
    sonovox.save(folder / "a/1.flac", torch.zeros(10, dtype=torch.int16), 8000)
    with pytest.raises(DataError, match=r"ids must differ, .*1.flac and .*1.wav are both 'a/1'"):
        DynamicItemDataset.from_folder(folder)


def test_suffixes_are_read_in_capitals_too(tmp_path):
    (tmp_path / "A.WAV").write_bytes(b"")
    table, found = read_audio_folder(tmp_path)
    assert (list(table), found) == (["A"], f"1 sound files in {tmp_path}; 1 without text")


def test_a_folder_without_sound_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no sound files in .*endings that are looked for: .*\.wav"):
        DynamicItemDataset.from_folder(tmp_path)
    with pytest.raises(DataError, match="a folder was expected"):
        DynamicItemDataset.from_folder(tmp_path / "nothing")


def test_a_text_that_is_no_utf8_is_told_or_collected(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"a\.txt is not UTF-8: byte 3 is 0xe9"):
        read_audio_folder(tmp_path)
    unreadable = {}
    table, _ = read_audio_folder(tmp_path, unreadable=unreadable)
    assert unreadable == {"a.txt": "byte 3 is 0xe9"}
    assert "text" not in table["a"]


def test_texts_without_sound_are_found_where_others_have_one(tmp_path):
    for name in ("one/a.wav", "one/a.txt", "one/b.txt", "c.lab"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert texts_without_sound(tmp_path) == ["c.lab", "one/b.txt"]
    (tmp_path / "one" / "a.txt").unlink()
    assert texts_without_sound(tmp_path) == []  # they are notes, or of a list
