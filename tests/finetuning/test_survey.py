import numpy as np
import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError
from sonovox.finetuning.corpus import open_corpus
from sonovox.finetuning.survey import normalized, require_some, survey


def look(folder, frames_of=lambda seconds: 1000, **options):
    return survey(open_corpus(folder), **{"normalize": "letters", "max_seconds": 5.0, **options}, frames_of=frames_of)


def reasons(found):
    return {left.name: left.kind for left in found.left_out}


def test_pairs_have_their_length_and_their_text_as_it_is_learnt(record, tmp_path):
    record("data/a.wav", "Hello, YOU!", seconds=0.5)
    record("data/b.wav", "it’s", seconds=1.0, rate=16000, channels=2)
    found = look(tmp_path / "data")
    assert found.items["a"] == {"audio": str(tmp_path / "data/a.wav"), "text": "hello you", "duration": 0.5}
    assert found.items["b"]["text"] == "it's"
    assert found.seconds == 1.5
    assert found.rates == {8000: 1, 16000: 1}
    assert found.several_channels == 1
    assert found.dropped == {",": 1, "!": 1, "’": 1}


def test_each_reason_to_leave_something_out(record, tmp_path):
    record("data/good.wav", "x")
    record("data/empty.wav", " ")
    record("data/long.wav", "x", seconds=6.0)
    (record("data/torn.wav", "x")).write_bytes(b"RIFF and no more")
    cut = record("data/cut.wav", "x", seconds=2.0)
    cut.write_bytes(cut.read_bytes()[:3000])
    sonovox.save(record("data/silent.wav", "x"), torch.zeros(1, 4000), 8000)
    sonovox.save(record("data/nan.wav", "x"), torch.full((1, 4000), float("nan")), 8000, encoding="PCM_F")
    found = look(tmp_path / "data")
    assert list(found.items) == ["good"]
    assert reasons(found) == {
        "empty": "empty text",
        "long": "longer than 5 s",
        "torn": "unreadable sound",
        "cut": "unreadable sound",
        "silent": "silence",
        "nan": "unreadable sound",
    }
    assert "ends before its header says" in next(left.detail for left in found.left_out if left.name == "cut")


def test_ctc_needs_a_frame_for_each_letter_and_a_blank_between_equal_ones(record, tmp_path):
    record("data/a.wav", "aab")
    assert list(look(tmp_path / "data", lambda seconds: 4).items) == ["a"]
    assert reasons(look(tmp_path / "data", lambda seconds: 3)) == {"a": "sound too short for its text"}


def test_a_decoded_value_of_a_data_set_is_read(record):
    class Rows(list):
        column_names = ("audio", "text")

    found = look(Rows([{"audio": {"array": np.ones(800), "sampling_rate": 8000}, "text": "x"}]))
    assert found.items["0"]["duration"] == 0.1


def test_normalisers():
    assert normalized("«Don’t»  7", "letters") == "don't 7"
    assert normalized("«Don’t»  7", "basic") == "don t 7"
    assert normalized("«Don’t»  7", "none") == "«Don’t» 7"


def test_nothing_to_learn_from_is_told_with_its_reasons(record, tmp_path):
    record("data/a.wav", "x")
    record("data/b.wav")
    corpus = open_corpus(tmp_path / "data")
    found = look(tmp_path / "data")
    with pytest.raises(ArgumentError, match=r"1 pairs .* 1 times sound without text; for example b"):
        require_some(found, corpus)
