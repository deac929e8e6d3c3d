import pytest
import torch

from sonovox.inference.spoken_stretches import SpokenStretches
from sonovox.inference.transcript import Word
from sonovox.inference.word_times import segments_of_tokens


def spans(*starts, length=0.1):
    return [(start, round(start + length, 3)) for start in starts]


def test_a_word_lasts_from_its_first_token_to_its_last():
    (segment,) = segments_of_tokens("he is", [5, 6, 0, 7, 8], [1, 2, 3, 4, 5], spans(0.0, 0.2, 0.4, 0.5, 0.7))
    assert segment.words == (Word(0.0, 0.3, "he"), Word(0.5, 0.8, "is"))
    assert (segment.start, segment.end, segment.text, segment.tokens) == (0.0, 0.8, "he is", (5, 6, 0, 7, 8))


def test_tokens_of_several_letters_and_of_none():
    # the last token of "don't" reaches no further: half a character, as some pieces are
    (segment,) = segments_of_tokens("DON'T I", [1, 2, 3, 4], [3, 3, 5, 7], spans(0.0, 0.1, 0.3, 0.6))
    assert segment.words == (Word(0.0, 0.4, "DON'T"), Word(0.6, 0.7, "I"))


def test_segments_are_cut_in_pauses_and_hold_all_tokens():
    tokens, reached = [1, 0, 2, 0, 3, 0], [1, 2, 3, 4, 5, 6]
    found = segments_of_tokens("a b c ", tokens, reached, spans(0.0, 0.1, 0.5, 0.7, 1.2, 3.0))
    assert [(s.start, s.end, s.text, s.tokens) for s in found] == [
        (0.0, 0.6, "a b", (1, 0, 2, 0)),
        (1.2, 1.3, "c", (3, 0)),
    ]
    assert len(segments_of_tokens("a b c ", tokens, reached, spans(0.0, 0.1, 0.5, 0.7, 1.2, 3.0), pause=0.3)) == 3


def test_a_space_at_the_beginning_is_no_word():
    (segment,) = segments_of_tokens(" a", [0, 1], [1, 2], spans(0.0, 0.4))
    assert (segment.text, segment.start, segment.tokens) == ("a", 0.4, (0, 1))


def test_nothing_said_is_no_segment():
    assert segments_of_tokens("", [], [], []) == ()
    assert segments_of_tokens("  ", [0, 0], [1, 2], spans(0.0, 0.4)) == ()


def spoken(*parts):
    generator = torch.Generator().manual_seed(0)
    pieces = [loudness * torch.randn(round(seconds * 8000), generator=generator) for seconds, loudness in parts]
    return SpokenStretches(torch.cat(pieces), 8000)


def test_words_of_spikes_last_as_long_as_they_sound():
    sound = spoken((0.2, 0.0), (0.4, 0.2), (0.3, 0.0), (0.5, 0.2), (0.2, 0.0))
    times = [(0.22, 0.24), (0.3, 0.32), (0.5, 0.52), (1.0, 1.02)]
    (segment,) = segments_of_tokens("ab c", [1, 2, 0, 3], [1, 2, 3, 4], times, spoken=sound)
    assert (segment.start, segment.end) == (pytest.approx(0.2, abs=0.011), pytest.approx(1.4, abs=0.011))
    first, second = segment.words
    assert first.end == 0.5, "not beyond the mark between words"
    assert second.start == pytest.approx(0.9, abs=0.011)


def test_a_sound_of_two_words_is_divided_where_it_is_quietest():
    sound = spoken((0.2, 0.0), (0.4, 0.2), (0.03, 0.1), (0.4, 0.2), (0.3, 0.0))
    (segment,) = segments_of_tokens("a b", [1, 2], [1, 3], [(0.3, 0.32), (0.9, 0.92)], spoken=sound)
    first, second = segment.words
    assert first.end == second.start == pytest.approx(0.615, abs=0.02)


def test_a_long_sound_between_spikes_is_no_pause():
    sound = spoken((0.1, 0.0), (1.4, 0.2), (0.1, 0.0))
    times = [(0.1, 0.12), (1.3, 1.32)]
    assert len(segments_of_tokens("a b", [1, 2], [1, 3], times)) == 2
    assert len(segments_of_tokens("a b", [1, 2], [1, 3], times, spoken=sound)) == 1
