from pathlib import Path

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.cli.inputs import AUDIO_SUFFIXES, Input, find_inputs


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Files by their names, in the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()

    return make


def stems(*words):
    return [str(item.stem) for item in find_inputs(words)]


def test_a_file_gives_its_name_without_suffix(tree):
    tree("talks/one.wav")
    assert find_inputs(["talks/one.wav"]) == [Input(Path("talks/one.wav"), Path("one"))]


def test_a_folder_gives_its_audio_sorted_and_keeps_its_tree(tree):
    tree("talks/b.MP3", "talks/day 1/a.wav", "talks/notes.txt", "talks/day 1/cover.jpg")
    assert stems("talks") == ["b", "day 1/a"]


def test_hidden_files_of_a_folder_are_left_out(tree):
    # macOS leaves `._talk.wav` beside `talk.wav` on foreign disks.
    tree("talks/talk.wav", "talks/._talk.wav", "talks/.trash/old.wav")
    assert stems("talks") == ["talk"]
    assert stems("talks/._talk.wav") == ["._talk"]


def test_a_pattern_matches_files_also_below_folders(tree):
    tree("talks/a.wav", "talks/deep/b.wav", "talks/c.mp3")
    assert stems("talks/*.wav") == ["a"]
    assert stems("talks/**/*.wav") == ["a", "b"]
    assert stems(str(Path("talks/*.wav").absolute())) == ["a"]


def test_a_file_of_that_very_name_comes_before_a_pattern(tree):
    tree("take[1].wav", "take1.wav")
    assert stems("take[1].wav") == ["take[1]"]


def test_each_file_comes_once_in_the_order_of_the_words(tree):
    tree("b.wav", "a.wav")
    assert stems("b.wav", "*.wav", ".", "./b.wav") == ["b", "a"]


def test_a_missing_file_is_kept_for_the_reader_to_report(tree):
    assert stems("missing.wav") == ["missing"]


def test_names_that_would_meet_keep_their_suffix_and_others_do_not(tree):
    tree("a.wav", "a.mp3", "b.wav")
    assert stems("a.wav", "a.mp3", "b.wav") == ["a.wav", "a.mp3", "b"]


def test_names_that_would_still_meet_take_their_folder_in_front(tree):
    tree("mon/a.wav", "tue/a.wav")
    assert stems("mon/a.wav", "tue/a.wav", "../x/b.wav") == ["mon_a.wav", "tue_a.wav", "b"]


def test_what_still_meets_is_numbered(tree):
    tree("x_y/a.wav", "x/y_a.wav", "x/y/a.wav")
    names = stems("x_y/a.wav", "x/y/a.wav")
    assert names == ["1_x_y_a.wav", "2_x_y_a.wav"]


def test_names_that_differ_in_case_alone_do_not_meet_on_any_disk(tree):
    tree("mon/Talk.wav", "tue/talk.wav")
    assert len({name.lower() for name in stems("mon/Talk.wav", "tue/talk.wav")}) == 2


@pytest.mark.parametrize(
    ("word", "message"),
    [("empty", "the folder empty holds no audio file"), ("*.wav", r"the pattern \*.wav matches no audio file")],
)
def test_a_folder_or_pattern_without_audio_is_an_error_that_lists_the_suffixes(tree, word, message):
    tree("empty/readme.txt")
    with pytest.raises(ArgumentError, match=rf"{message}; known suffixes: \.aac "):
        find_inputs([word])
    assert ".wav" in AUDIO_SUFFIXES
