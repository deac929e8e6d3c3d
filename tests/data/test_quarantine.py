"""Items that could not be read."""

import logging

import pytest
import soundfile

from sonovox._internal.errors import (
    ArgumentError,
    CorruptAudioError,
    ItemError,
    MissingDependencyError,
    NotInSourceError,
    QuarantineError,
    UnknownKeyError,
)
from sonovox.data import Quarantine
from sonovox.data.quarantine import is_unreadable


def chained(cause):
    try:
        raise ItemError("item a could not be computed") from cause
    except ItemError as error:
        return error


DATA = [OSError("disk"), EOFError("end"), ValueError("nan"), CorruptAudioError("short"), ArgumentError("rate")]
CODE = [
    TypeError("None"),
    NameError("wvs"),
    KeyError("wav"),
    IndexError("3"),
    AttributeError("x"),
    RuntimeError("shape"),
    MemoryError(),
    MissingDependencyError("av"),
    UnknownKeyError("wvs"),
    NotInSourceError("a.wav"),
]


@pytest.mark.parametrize("error", DATA, ids=repr)
def test_errors_about_the_data_are_told_from_others(error):
    assert is_unreadable(error)
    assert is_unreadable(chained(error))
    assert is_unreadable(chained(chained(error)))


@pytest.mark.parametrize("error", CODE, ids=repr)
def test_errors_about_the_code_are_told_from_others(error):
    assert not is_unreadable(error)
    assert not is_unreadable(chained(error))


def test_an_item_error_without_a_cause_is_about_the_data():
    assert is_unreadable(ItemError("item a says nothing more"))


def test_errors_of_libsndfile_are_about_the_data(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(RuntimeError) as caught:
        soundfile.read(tmp_path / "a.wav")
    assert is_unreadable(caught.value)


def test_an_item_is_listed_and_reported_once(caplog):
    quarantine = Quarantine(1000)
    with caplog.at_level(logging.WARNING, logger="sonovox"):
        for _ in range(3):
            quarantine.add("a", "OSError: disk")
    assert [record.message for record in caplog.records] == ["item a is left out: OSError: disk"]
    assert list(quarantine) == [("a", "OSError: disk")]
    assert "a" in quarantine
    assert "b" not in quarantine


@pytest.mark.parametrize(
    ("n_items", "share", "limit"), [(1000, 0.01, 10), (199, 0.01, 1), (3, 0.01, 1), (3, 0, 0), (10, 1.0, 10), (0, 0, 0)]
)
def test_the_limit_is_the_share_but_one_is_never_too_many(n_items, share, limit):
    quarantine = Quarantine(n_items, share)
    assert quarantine.limit == limit
    for number in range(limit):
        quarantine.add(str(number), "bad")
    with pytest.raises(QuarantineError, match=f"{limit + 1} of {n_items} items could not be read"):
        quarantine.add("last", "bad")


def test_the_error_lists_the_first_and_tells_how_many_more():
    quarantine = Quarantine(800)
    for number in range(8):
        quarantine.add(f"u{number}", f"OSError: file {number}")
    with pytest.raises(QuarantineError) as caught:
        quarantine.add("u8", "OSError: file 8")
    assert "u0: OSError: file 0\n  u1: OSError: file 1" in caught.value.message
    assert "u4" in caught.value.message
    assert "u5" not in caught.value.message
    assert "and 4 more" in caught.value.message


def test_a_state_brings_the_items_back():
    quarantine, other = Quarantine(1000), Quarantine(1000)
    quarantine.add("a", "OSError: disk")
    other.load_state_dict(quarantine.state_dict())
    assert list(other) == list(quarantine)
    assert repr(other) == repr(quarantine)


def test_a_share_is_from_0_to_1():
    with pytest.raises(ArgumentError, match="got 5"):
        Quarantine(10, 5)
