"""Kaldi data directories."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import DataError
from sonovox._internal.replacements import Replacements
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.data.kaldi_folder import read_kaldi

RATE = 8000


@pytest.fixture
def folder(tmp_path):
    """Three seconds in one recording, one second in another."""
    for name, seconds in (("rec1", 3), ("rec2", 1)):
        sonovox.save(tmp_path / f"{name}.wav", torch.arange(seconds * RATE) / (4 * RATE), RATE)
    (tmp_path / "wav.scp").write_text(f"rec1 {tmp_path}/rec1.wav\nrec2\t{tmp_path}/rec2.wav\n")
    return tmp_path


def test_recordings_are_items(folder):
    (folder / "text").write_text("rec1 hello  there\nrec2 yes\n")
    (folder / "utt2spk").write_text("rec1 ann\nrec2 bob\n")
    dataset = DynamicItemDataset.from_kaldi(folder, output_keys=["id", "text", "speaker", "duration", "audio"])
    assert list(dataset) == [
        {"id": "rec1", "text": "hello  there", "speaker": "ann", "duration": 3.0, "audio": f"{folder}/rec1.wav"},
        {"id": "rec2", "text": "yes", "speaker": "bob", "duration": 1.0, "audio": f"{folder}/rec2.wav"},
    ]


def test_segments_are_items(folder):
    (folder / "segments").write_text("s1 rec1 0.5 1.25\ns2 rec1 2.0 -1\ns3 rec2 0 1 0\n")
    (folder / "text").write_text("s1 a\ns2 b\ns3 c\n")
    dataset = DynamicItemDataset.from_kaldi(folder, output_keys=["sig"])
    dataset.add_dynamic_item(read_audio, takes="audio", provides="sig")
    whole = read_audio(folder / "rec1.wav")
    assert torch.equal(dataset[0]["sig"], whole[RATE // 2 : RATE * 5 // 4])
    assert torch.equal(dataset[1]["sig"], whole[2 * RATE :])
    assert dataset.column("duration") == [0.75, 1.0, 1.0]
    assert dataset.column("text") == ["a", "b", "c"]


def test_given_durations_are_taken(folder):
    (folder / "utt2dur").write_text("rec1 3.01\nrec2 1\n")
    assert DynamicItemDataset.from_kaldi(folder).column("duration") == [3.01, 1.0]


def test_relative_paths_start_where_the_files_are(folder, monkeypatch):
    (folder / "wav.scp").write_text("rec1 rec1.wav\n")
    assert DynamicItemDataset.from_kaldi(folder).column("duration") == [3.0]
    monkeypatch.chdir(folder)
    assert DynamicItemDataset.from_kaldi(".").column("audio") == ["rec1.wav"]


def test_names_in_paths_are_replaced(folder):
    (folder / "wav.scp").write_text("rec1 {root}/rec1.wav\n")
    assert DynamicItemDataset.from_kaldi(folder, {"root": str(folder)}).column("duration") == [3.0]


def test_a_recording_without_text_has_none(folder):
    (folder / "text").write_text("rec2 yes\n")
    assert [row.keys() for row in read_kaldi(folder, Replacements(None)).values()] == [
        {"id", "audio"},
        {"id", "audio", "text"},
    ]


def test_commands_are_refused_with_the_reason(folder):
    (folder / "wav.scp").write_text(f"rec1 {folder}/rec1.wav\nrec2 sph2pipe -f wav a.sph |\n")
    with pytest.raises(DataError, match=r"wav.scp:2: commands are not run, since a list could then run anything"):
        DynamicItemDataset.from_kaldi(folder)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("wav.scp", "rec1 a.wav\nrec1 b.wav\n", r"wav.scp:2: 'rec1' stands twice"),
        ("wav.scp", "rec1\n", r"wav.scp:1: 'id path' was expected"),
        ("text", "rec1 a\nrec7 b\n", "text: 1 ids have no sound in wav.scp or segments: rec7"),
        ("utt2dur", "rec1 long\n", "utt2dur:1: seconds were expected, got 'long'"),
        ("segments", "s1 rec7 0 1\n", "segments:1: recording 'rec7' is not in wav.scp"),
        ("segments", "s1 rec1 0\n", "segments:1: 'id recording start end' was expected"),
        ("segments", "s1 rec1 2 1\n", "segments:1: the end must be after the start"),
    ],
)
def test_other_lines_are_refused_with_their_place(folder, name, text, said):
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=said):
        DynamicItemDataset.from_kaldi(folder)


def test_a_folder_without_a_list_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"with wav.scp was expected"):
        DynamicItemDataset.from_kaldi(tmp_path)
