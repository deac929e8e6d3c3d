import pytest

from sonovox.finetuning.characters import OddCharacter, count_characters, odd_characters


@pytest.mark.parametrize(
    ("text", "character", "reason"),
    [
        ("room 4 4 4", "4", "a digit"),
        ("so ! ! !", "!", "punctuation"),
        ("so\u200bso\u200bso\u200b", "\u200b", "an invisible character"),
        ("xyz ааа", "а", "CYRILLIC SMALL LETTER A, which looks like 'a'"),
        ("ооо пять o o", "o", "LATIN SMALL LETTER O, which looks like 'о'"),
        ("q", "q", "too rare"),
    ],
)
def test_what_is_odd_is_told(text, character, reason):
    texts = {"u": text, "v": "a a a a a an and some more words so so mm ss uu xyz xyz"}
    if character == "o":
        texts = {"u": text}
    found = {odd.character: odd for odd in odd_characters(texts)}
    assert found[character].reason.startswith(reason)
    assert "u" in found[character].items


def test_apostrophes_and_other_scripts_are_not_odd():
    assert odd_characters({"a": "it's it's it's"}) == []
    assert odd_characters({"a": "мама мама мама"}) == []


def test_words_for_people():
    assert str(OddCharacter("\u200b", 2, "an invisible character", ("a", "b"))) == (
        "'U+200B' twice: an invisible character (a, b)"
    )


def test_spaces_do_not_count():
    assert count_characters({"a": "so so"}) == {"s": 2, "o": 2}
