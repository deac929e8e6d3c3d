import random

import pytest

from sonovox.text.basic import fold_characters, normalize_basic, remove_brackets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Où est-elle? Là-bas!", "où est elle là bas"),
        ("STRASSE Straße", "strasse strasse"),
        ("«Привет», — сказал он.", "привет сказал он"),
        ("[музыка] да (смех)", "да"),
        ("100 % & more", "100 more"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_case_punctuation_and_brackets_go_and_letters_stay(text, expected):
    assert normalize_basic(text) == expected


def test_marks_become_spaces_as_in_the_paper_unless_they_are_kept():
    assert normalize_basic("हिन्दी") == "ह न द"
    assert normalize_basic("हिन्दी!", keep_marks=True) == "हिन्दी"


def test_split_characters_leaves_kept_marks_with_their_letters():
    assert normalize_basic("你好，世界", split_characters=True) == "你 好 世 界"
    assert normalize_basic("कि", keep_marks=True, split_characters=True) == "कि"


def test_normalising_again_changes_nothing():
    chance = random.Random(0)
    for _ in range(5000):
        text = "".join(chr(chance.choice([chance.randint(32, 0x3000), chance.randint(0, 0x10FFFF)])) for _ in range(8))
        once = normalize_basic(text)
        assert normalize_basic(once) == once, ascii(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ÀÉÎÕÜ", "aeiou"),
        ("Ærøskøbing", "aeroskobing"),
        ("Đặng Łukasz", "dang lukasz"),
        ("İstanbul ISTANBUL", "istanbul istanbul"),
        ("it’s ‘so’", "it's 'so'"),
        ("¾ 1½", ".75 1.5"),
        ("ﬁne ℝ", "fine r"),
        ("한국어", "한국어"),
    ],
)
def test_fold_characters(text, expected):
    assert fold_characters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no brackets", "no brackets"),
        ("a [b] c", "a   c"),
        ("(a [b) c]", "  c]"),
        ("((a) b", "(  b"),
        (") a (", ") a ("),
        ("1 < 2", "1 < 2"),
    ],
)
def test_remove_brackets_takes_matching_pairs_only(text, expected):
    assert remove_brackets(text) == expected
