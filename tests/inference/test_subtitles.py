import itertools
import random
import re
from types import SimpleNamespace

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.inference.line_breaking import text_width
from sonovox.inference.subtitles import Cue, TimedText, format_srt, format_vtt, make_cues


def segment(start: float, end: float, text: str) -> TimedText:
    return SimpleNamespace(start=start, end=end, text=text)


def random_segments(chance):
    words = "a the of and because, however. Why? 東京都に住んでいます。 --> & <i> extraordinarily"
    time, segments = 0.0, []
    for _ in range(chance.randint(0, 25)):
        start = max(0.0, time + chance.choice([0.0, 0.0, 0.3, 12.0, -1.0]))
        time = start + chance.choice([0.0, 0.02, 0.5, 3.0, 30.0])
        segments.append(segment(start, time, " ".join(chance.choices(words.split(), k=chance.randint(0, 40)))))
    return segments


def test_all_limits_hold_for_random_segments():
    chance = random.Random(0)
    for _ in range(300):
        cues = make_cues(random_segments(chance))
        for cue, following in itertools.pairwise(cues):
            assert cue.end_ms <= following.start_ms
        for cue in cues:
            assert 833 <= cue.end_ms - cue.start_ms <= 7000
            assert 1 <= len(cue.lines) <= 2
            assert all(0 < text_width(line) <= 42 and line.strip() == line for line in cue.lines)


def test_other_limits_hold_as_well():
    chance = random.Random(1)
    for _ in range(100):
        segments = random_segments(chance)
        limits = {"max_characters": chance.randint(2, 60), "max_lines": chance.randint(1, 4)}
        cues = make_cues(segments, **limits, min_duration=0.001, max_duration=2.0)
        assert all(1 <= cue.end_ms - cue.start_ms <= 2000 for cue in cues)
        assert all(len(cue.lines) <= limits["max_lines"] for cue in cues)
        assert all(text_width(line) <= limits["max_characters"] for cue in cues for line in cue.lines)


def test_a_segment_that_fits_keeps_its_times():
    assert make_cues([segment(1.5, 4.25, " hello there")]) == [Cue(1500, 4250, ("hello there",))]


def test_a_long_segment_shares_its_time_by_characters():
    sentence = "this is one sentence of so many letters. "
    cues = make_cues([segment(10.0, 22.0, sentence * 4)])
    assert [cue.start_ms for cue in cues] == [10_000, 16_000]
    assert cues[-1].end_ms == 22_000


def test_a_cue_stays_until_it_can_be_read_when_nothing_follows():
    text = "forty characters are read in two seconds"
    assert make_cues([segment(0.0, 0.5, text)]) == [Cue(0, 2000, (text,))]
    assert make_cues([segment(0.0, 0.5, text), segment(1.2, 3.0, "next")])[0].end_ms == 1200


def test_a_cue_is_gone_after_the_longest_time():
    assert make_cues([segment(0.0, 30.0, "Hi.")]) == [Cue(0, 7000, ("Hi.",))]


def test_zero_length_segments_follow_each_other():
    cues = make_cues([segment(5.0, 5.0, "a"), segment(5.0, 5.0, "b"), segment(5.0, 9.0, "c")])
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(5000, 5833), (5833, 6666), (6666, 9000)]


def test_segments_are_put_in_order_of_time_and_empty_ones_left_out():
    cues = make_cues([segment(8.0, 9.0, "late"), segment(3.0, 4.0, " \n "), segment(1.0, 2.0, "early")])
    assert [cue.lines for cue in cues] == [("early",), ("late",)]


@pytest.mark.parametrize(
    "limits",
    [
        {"max_characters": 1},
        {"max_lines": 0},
        {"min_duration": 0.0},
        {"min_duration": 8.0},
        {"max_duration": float("nan")},
        {"characters_per_second": 0.0},
    ],
)
def test_limits_that_no_cue_can_keep_are_refused(limits):
    with pytest.raises(ArgumentError, match="are usual"):
        make_cues([], **limits)


def test_srt_is_written_to_the_letter():
    cues = [Cue(0, 1500, ("And so,", "my fellow")), Cue(360_000_123, 360_001_000, ("a --> b & <c>",))]
    assert format_srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\nAnd so,\nmy fellow\n\n"
        "2\n100:00:00,123 --> 100:00:01,000\na → b & <c>\n"
    )  # fmt: skip


def test_vtt_is_written_to_the_letter():
    cues = [Cue(3_599_999, 3_600_000, ("AT&T <b>", "a --> b"))]
    assert format_vtt(cues) == "WEBVTT\n\n00:59:59.999 --> 01:00:00.000\nAT&amp;T &lt;b&gt;\na --&gt; b\n"


def test_no_cues_make_valid_files():
    assert format_srt([]) == ""
    assert format_vtt([]) == "WEBVTT\n"


def test_random_files_parse_back_to_their_cues():
    chance = random.Random(2)
    for _ in range(50):
        cues = make_cues(random_segments(chance))
        blocks = format_srt(cues).split("\n\n") if cues else []
        assert len(blocks) == len(cues)
        for number, (block, cue) in enumerate(zip(blocks, cues, strict=True), start=1):
            index, times, *lines = block.strip("\n").split("\n")
            assert index == str(number)
            assert re.fullmatch(r"\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}", times)
            assert [line.replace("→", "-->") for line in lines] == list(cue.lines)
        header, *vtt_blocks = format_vtt(cues).split("\n\n")
        assert header.strip() == "WEBVTT"
        assert len(vtt_blocks) == len(cues)
        assert all(block.count("-->") == 1 for block in vtt_blocks)


def test_cues_begin_where_their_words_do():
    said = ["the", "quick", "brown", "fox", "jumps", "over", "some", "lazy", "dog"]
    starts = [0.0, 0.3, 0.6, 0.9, 5.0, 5.3, 5.6, 6.0, 6.5]
    words = [SimpleNamespace(start=start, text=text) for start, text in zip(starts, said, strict=True)]
    segment = SimpleNamespace(start=0.0, end=7.0, text=" ".join(said), words=words)
    cues = make_cues([segment], max_characters=22, max_lines=1)
    assert " ".join(line for cue in cues for line in cue.lines) == segment.text
    first_words = [cue.lines[0].split()[0] for cue in cues]
    assert len(cues) > 1
    assert [cue.start_ms for cue in cues] == [1000 * starts[said.index(word)] for word in first_words]
    assert cues[-1].end_ms == 7000


def test_words_that_are_not_those_of_the_text_are_left_aside():
    words = [SimpleNamespace(start=3.0, text="other")]
    with_words = SimpleNamespace(start=0.0, end=7.0, text="the quick brown fox", words=words)
    without = SimpleNamespace(start=0.0, end=7.0, text="the quick brown fox")
    assert make_cues([with_words], max_characters=10) == make_cues([without], max_characters=10)
