import io

import pytest

from sonovox._internal.errors import (
    ArgumentError,
    ChoiceError,
    ShortAudioError,
    ShortAudioWarning,
    UnsupportedAudioError,
)
from sonovox.io.reader import check_complete, check_on_short, check_range, open_reader


class Promising:
    """A reader of which only the promise counts."""

    name = "a.wav"

    def __init__(self, promise, missing=""):
        self.promise, self._missing = promise, missing

    def missing(self):
        return self._missing


@pytest.mark.parametrize(
    ("wanted", "written"),
    [("wav", "wav"), ("WAV", "rf64"), ("vorbis", "ogg"), ("aif", "aiff"), ("sph", "sph"), ("mp3", "mp3")],
)
def test_the_wanted_format_may_have_any_of_its_names(wave, encoded, wanted, written):
    with open_reader(io.BytesIO(encoded(wave(), format=written)), wanted) as reader:
        assert reader.metadata.num_channels == 2


def test_another_format_than_wanted_is_refused(wave, encoded):
    with pytest.raises(UnsupportedAudioError, match="is flac, expected format='wav'; leave format out"):
        open_reader(io.BytesIO(encoded(wave(), format="flac")), "wav").__enter__()


@pytest.mark.parametrize(
    ("promise", "offset", "count", "stop"),
    [(100, 0, -1, 100), (100, 20, 30, 50), (100, 20, 300, 100), (None, 5, -1, None), (None, 5, 2, 7)],
)
def test_a_range_ends_where_the_file_does(promise, offset, count, stop):
    assert check_range(Promising(promise), offset, count) == stop


@pytest.mark.parametrize(("offset", "count"), [(-1, -1), (0, -2)])
def test_negative_ranges_are_refused(offset, count):
    with pytest.raises(ArgumentError, match=f"got {offset} and {count}"):
        check_range(Promising(100), offset, count)


def test_an_offset_beyond_the_end_names_the_length():
    with pytest.raises(ArgumentError, match=r"at most 100, the length of a\.wav, got 101"):
        check_range(Promising(100), 101, -1)


def test_fewer_samples_than_promised_are_an_error_or_a_warning():
    with pytest.raises(ShortAudioError, match=r"a\.wav ends before its header says: 60 of 100 samples are there"):
        check_complete(Promising(100), 10, 100, 50, "raise")
    with pytest.warns(ShortAudioWarning, match="60 of 100"):
        check_complete(Promising(100), 10, 100, 50, "warn")


def test_other_evidence_counts_only_at_the_end():
    check_complete(Promising(100, "no end mark"), 0, 50, 50, "raise")
    with pytest.raises(ShortAudioError, match="no end mark"):
        check_complete(Promising(100, "no end mark"), 50, 100, 50, "raise")


def test_on_short_is_one_of_two_words():
    with pytest.raises(ChoiceError, match="on_short must be one of raise, warn, got 'warm'; did you mean warn"):
        check_on_short("warm")
