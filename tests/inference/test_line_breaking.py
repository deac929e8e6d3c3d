import random
import time

import pytest

from sonovox.inference.line_breaking import balanced_blocks, join_texts, text_width

WORDS = """
    a the of and because, however. Why? No! it's incomprehensibility 東京都に住んでいます。「はい」と答えた、 한국어
    https://example.com/a/long/path/that/does/not/fit/on/a/line ——— ... e\u0301 … — “quoted.” 12,345 \u200b --> & <i>
"""


def random_text(chance):
    return " ".join(chance.choices(WORDS.split(), k=chance.randint(0, 60)))


def without_spaces(text):
    return "".join(text.split())


def test_all_limits_hold_and_no_character_is_lost():
    chance = random.Random(0)
    for _ in range(600):
        text, width, n_lines = random_text(chance), chance.choice([2, 5, 20, 37, 42]), chance.randint(1, 3)
        blocks = balanced_blocks(text, max_characters=width, max_lines=n_lines, at_least=chance.randint(1, 9))
        assert without_spaces("".join(line for block in blocks for line in block)) == without_spaces(text)
        for block in blocks:
            assert 1 <= len(block) <= n_lines
            for line in block:
                assert line == line.strip() != ""
                assert text_width(line) <= width
                assert len(line) <= width


def test_blocks_are_as_few_as_hold_the_text():
    chance = random.Random(1)
    for _ in range(200):
        words = ["x" * chance.randint(1, 12) for _ in range(chance.randint(1, 60))]
        greedy, lines = "", 1
        for word in words:
            fits = len(greedy) + 1 + len(word) <= 42
            greedy, lines = (f"{greedy} {word}", lines) if fits and greedy else (word, lines + bool(greedy))
        blocks = balanced_blocks(" ".join(words), max_characters=42, max_lines=2)
        assert len(blocks) == -(-lines // 2)


def test_lines_of_plain_words_are_as_even_as_the_best_of_all_breaks():
    chance = random.Random(2)
    for _ in range(200):
        words = ["x" * chance.randint(1, 10) for _ in range(12)]
        text = " ".join(words)
        (lines, *others) = balanced_blocks(text, max_characters=42, max_lines=2)
        if others or len(lines) == 1:
            continue
        halves = [(len(" ".join(words[:i])), len(" ".join(words[i:]))) for i in range(1, len(words))]
        best = min(abs(first - second) for first, second in halves if max(first, second) <= 42)
        # Two breaks may be equally far from the middle, of which either is taken: one space of slack.
        assert abs(len(lines[0]) - len(lines[1])) <= best + 1


@pytest.mark.parametrize(
    "with_break",
    [
        "And so, my fellow Americans,|ask not what your country",
        "We shall not leave the house|until the rain has stopped",
        "She had never in her whole life|seen such enormous elephants",
        "The end of the first sentence.|Here comes the second one",
        "“Is that the end of it?”|she asked him rather quietly",
        "we were all going direct the other way—|in short, the period was so far",
    ],
)
def test_lines_break_where_a_reader_would(with_break):
    text = with_break.replace("|", "" if "—" in with_break else " ")
    assert balanced_blocks(text, max_characters=42, max_lines=2) == [tuple(with_break.split("|"))]


def test_an_article_is_not_left_at_the_end_of_a_line():
    (lines,) = balanced_blocks(
        "he walked slowly over towards the magnificent cathedral", max_characters=42, max_lines=2
    )
    assert not lines[0].endswith(" the")


def test_japanese_lines_do_not_begin_with_closing_punctuation():
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 4
    for block in balanced_blocks(text, max_characters=42, max_lines=2):
        assert all(line[0] not in "。、っ" for line in block)


def test_a_combining_mark_is_not_torn_from_its_letter():
    (lines,) = balanced_blocks("e\u0301" * 30, max_characters=41, max_lines=2)
    assert all(line.startswith("e") for line in lines)


def test_at_least_divides_a_long_text_but_not_a_short_one():
    text = "one two three four five six seven eight nine ten"
    assert len(balanced_blocks(text, max_characters=42, max_lines=2, at_least=2)) == 2
    assert len(balanced_blocks("one two", max_characters=42, max_lines=2, at_least=5)) == 1


def test_control_characters_and_empty_texts_leave_nothing():
    assert balanced_blocks("\x00\n\u2028\x1b ", max_characters=42, max_lines=2) == []
    assert balanced_blocks("a\x00b\ud800c", max_characters=42, max_lines=2) == [("a b c",)]


def test_an_hour_of_text_in_one_piece_is_laid_out_in_a_moment():
    start = time.process_time()
    blocks = balanced_blocks("word and another, " * 10_000, max_characters=42, max_lines=2)
    assert len(blocks) > 1000
    assert time.process_time() - start < 5.0  # it takes a fifth of a second; a quadratic search takes minutes


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        ([], ""),
        (["", "  "], ""),
        ([" And so", " my"], "And so my"),
        (["你好。", "世界"], "你好。世界"),
        (["你好", "world"], "你好 world"),
    ],
)
def test_join_texts(texts, joined):
    assert join_texts(texts) == joined
