"""RTTM, read and written."""

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.metrics import diarization_error_rate
from sonovox.text import Turn, parse_rttm, read_rttm, write_rttm

# A line as NIST's plan has it, one of another kind, a comment, and one without the last two words, as some write it.
WRITTEN = """\
;; a comment
SPKR-INFO meeting 1 <NA> <NA> <NA> unknown ann <NA> <NA>
SPEAKER meeting 1 0.50 2.25 <NA> <NA> ann <NA> <NA>

SPEAKER other 1 0 1 <NA> <NA> bob
SPEAKER meeting 1 3 1.5 <NA> <NA> bob <NA> 0.9
"""


def test_turns_are_read_by_recording():
    assert parse_rttm(WRITTEN) == {
        "meeting": [Turn(0.5, 2.75, "ann"), Turn(3.0, 4.5, "bob")],
        "other": [Turn(0.0, 1.0, "bob")],
    }


def test_what_is_written_is_read(tmp_path):
    turns = {"a": [Turn(0.0, 1.234, "x"), Turn(1.234, 3601.5, "y")], "b": [], "c": [Turn(2.0, 2.0, "x")]}
    write_rttm(tmp_path / "all.rttm", turns)
    found = read_rttm(tmp_path / "all.rttm")
    assert list(found) == ["a", "c"]
    for one, other in zip(found["a"], turns["a"], strict=True):
        assert one == (pytest.approx(other.start), pytest.approx(other.end), other.speaker)


def test_turns_are_what_the_error_rate_takes():
    turns = parse_rttm(WRITTEN)["meeting"]
    assert diarization_error_rate(turns, turns).rate == 0.0


@pytest.mark.parametrize("line", ["SPEAKER a 1 0.5", "SPEAKER a 1 x 1 <NA> <NA> ann", "SPEAKER a 1 -1 1 <NA> <NA> ann"])
def test_wrong_lines_are_told_by_number(line):
    with pytest.raises(ArgumentError, match="the text, line 2: "):
        parse_rttm(f"\n{line}\n")


def test_names_with_spaces_and_turns_that_cannot_be_are_refused(tmp_path):
    for recordings in ({"a b": [Turn(0, 1, "x")]}, {"a": [Turn(0, 1, "x y")]}, {"a": [Turn(0, 1, "")]}):
        with pytest.raises(ArgumentError, match="no names with spaces"):
            write_rttm(tmp_path / "a.rttm", recordings)
    with pytest.raises(ArgumentError, match="must begin at 0"):
        write_rttm(tmp_path / "a.rttm", {"a": [Turn(2, 1, "x")]})
    assert not (tmp_path / "a.rttm").exists()


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(ArgumentError, match="cannot read"):
        read_rttm(tmp_path / "nowhere.rttm")
    (tmp_path / "sound.rttm").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ArgumentError, match="cannot read"):
        read_rttm(tmp_path / "sound.rttm")
