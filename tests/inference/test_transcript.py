import dataclasses
import json
import math
import subprocess
import sys

import pytest

from sonovox._internal.errors import ArgumentError, ChoiceError, WriteError
from sonovox.inference.transcript import Segment, Transcript, Word

TRANSCRIPT = Transcript(
    (
        Segment(0.0, 2.5, " And so, my\tfellow\nAmericans,", tokens=(50363, 843), average_log_probability=-0.25),
        Segment(2.5, 2.5, "  "),
        Segment(3.0, 5.0, " ask not — “why”.", temperature=0.2, compression_ratio=1.1, no_speech_probability=0.01),
    ),
    language="en",
    duration=11.0,
)


def test_text_and_str_are_one_line():
    assert TRANSCRIPT.text == str(TRANSCRIPT)
    assert Transcript((Segment(0, 1, " a"), Segment(1, 2, " b "))).text == "a b"
    assert Transcript((Segment(0, 1, "東京です。"), Segment(1, 2, "はい"))).text == "東京です。はい"
    assert str(Transcript()) == ""


def test_txt_has_a_line_for_each_segment_with_words():
    assert TRANSCRIPT.to_txt() == "And so, my fellow Americans,\nask not — “why”.\n"


def test_tsv_is_in_milliseconds_without_tabs_in_the_text():
    assert TRANSCRIPT.to_tsv().splitlines() == [
        "start\tend\ttext",
        "0\t2500\tAnd so, my fellow Americans,",
        "2500\t2500\t",
        "3000\t5000\task not — “why”.",
    ]


def test_subtitles_keep_the_limits_they_are_given():
    narrow = TRANSCRIPT.to_srt(max_characters=12, max_lines=1)
    assert "And so,\n" in narrow
    assert max(map(len, narrow.replace(" --> ", "\n").splitlines())) <= 12
    assert TRANSCRIPT.to_vtt().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nAnd so, my fellow Americans,\n")


def test_json_comes_back_equal():
    assert Transcript.from_json(TRANSCRIPT.to_json()) == TRANSCRIPT
    assert Transcript.from_json(Transcript().to_json()) == Transcript()


def test_json_is_plain_readable_and_complete():
    content = json.loads(TRANSCRIPT.to_json())
    assert content["text"] == TRANSCRIPT.text
    assert set(content["segments"][0]) == {field.name for field in dataclasses.fields(Segment)}
    assert "“why”" in TRANSCRIPT.to_json()


def test_numbers_that_json_does_not_know_become_null():
    odd = Transcript((Segment(0, 1, "a", average_log_probability=-math.inf),), duration=math.nan)
    content = json.loads(odd.to_json(), parse_constant=pytest.fail)
    assert content["segments"][0]["average_log_probability"] is None
    assert content["duration"] is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"segments": [{"begin": 1}], "language": null, "duration": 1}', '{"segments": 3}']
)
def test_json_of_something_else_is_refused_with_the_remedy(text):
    with pytest.raises(ArgumentError, match=r"must be the JSON of a transcript.*--format json"):
        Transcript.from_json(text)


@pytest.mark.parametrize(("start", "end"), [(-1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
def test_a_segment_with_impossible_times_is_refused(start, end):
    with pytest.raises(ArgumentError, match="0 <= start <= end in seconds"):
        Segment(start, end, "never")


@pytest.mark.parametrize("suffix", ["txt", "srt", "vtt", "json", "tsv"])
def test_the_suffix_chooses_the_format(tmp_path, suffix):
    path = tmp_path / "new" / f"talk.{suffix.upper()}"
    TRANSCRIPT.save(path)
    assert path.read_text(encoding="utf-8") == getattr(TRANSCRIPT, f"to_{suffix}")()


def test_the_format_overrides_the_suffix(tmp_path):
    TRANSCRIPT.save(tmp_path / "talk.txt", format="srt")
    assert (tmp_path / "talk.txt").read_text(encoding="utf-8") == TRANSCRIPT.to_srt()


def test_an_unknown_suffix_is_refused_with_the_nearest_and_nothing_is_written(tmp_path):
    with pytest.raises(ChoiceError, match="did you mean srt"):
        TRANSCRIPT.save(tmp_path / "talk.str")
    with pytest.raises(ChoiceError, match=r"format must be one of txt, srt, vtt, json, tsv, got 'docx'"):
        TRANSCRIPT.save(tmp_path / "talk", format="docx")
    with pytest.raises(ChoiceError, match=r"the suffix of .*talk must be one of txt"):
        TRANSCRIPT.save(tmp_path / "talk")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_at_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "talk.txt").mkdir()
    with pytest.raises(WriteError, match="it is a folder"):
        TRANSCRIPT.save(tmp_path / "talk.txt")


def test_torch_is_not_needed():
    code = "import sys, sonovox.inference.transcript; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_words_and_their_times_go_through_json():
    words = (Word(0.5, 0.75, "the"), Word(0.75, 1.0, "cat"))
    transcript = Transcript((Segment(0.5, 1.0, "the cat", words=words), Segment(2.0, 3.0, "sat")))
    assert json.loads(transcript.to_json())["segments"][0]["words"][0] == {"start": 0.5, "end": 0.75, "text": "the"}
    assert Transcript.from_json(transcript.to_json()) == transcript


def test_json_from_before_words_is_read():
    content = json.loads(TRANSCRIPT.to_json())
    for segment in content["segments"]:
        del segment["words"]
    assert Transcript.from_json(json.dumps(content)) == TRANSCRIPT
