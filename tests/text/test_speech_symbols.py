import json

import pytest

from sonovox._internal.errors import ChoiceError
from sonovox.text.speech_symbols import SPEECH_SYMBOLS, english_cleaners, text_to_sequence


def said(text, *cleaners):
    return "".join(SPEECH_SYMBOLS[i] for i in text_to_sequence(text, cleaners or ("english_cleaners",)))


def test_sequences_are_those_of_speechbrain(speechbrain_reference):
    case = json.loads((speechbrain_reference / "tts-tacotron2" / "case.json").read_text())
    assert [text_to_sequence(text) for text in case["texts"]] == case["results"]["sequences"]


def test_there_are_148_symbols_and_no_two_alike():
    assert len(SPEECH_SYMBOLS) == len(set(SPEECH_SYMBOLS)) == 148


def test_abbreviations_are_written_out_where_a_dot_follows():
    assert english_cleaners("Col. Lt. Drs. ESQ.") == "colonel lieutenant doctors esquire"
    assert english_cleaners("the dr said almost. nothing") == "the dr said almost. nothing"


def test_phones_in_braces_are_no_letters():
    assert said("Turn {L EH1 F T}, {B}") == "turn @L@EH1@F@T, @B"
    assert said("an {open brace") == "an open brace"


def test_characters_that_are_no_symbols_are_left_out():
    assert said("a_b~c 12 é\n\td") == "abc  d"


def test_each_cleaner_does_what_its_name_says():
    text = "Größe:  Mr. X"
    assert said(text, "german_cleaners") == "Gre: Mr. X"
    assert said(text, "basic_cleaners") == "gre: mr. x"
    assert said(text, "transliteration_cleaners") == "gre: mr. x"
    assert said(text, "english_cleaners") == "gre: mister x"


def test_an_unknown_cleaner_is_refused_with_the_nearest():
    with pytest.raises(ChoiceError, match="english_cleaners"):
        text_to_sequence("a", ["english_cleaner"])


@pytest.mark.peers
@pytest.mark.parametrize("language", ["english", "transliteration", "basic", "german"])
def test_speechbrain_hears_the_same(language):
    cleaner = f"{language}_cleaners"
    theirs = pytest.importorskip("speechbrain.utils.text_to_sequence")
    for text in ["Gen. Smith's co. Ltd., 1,000 (or {HH AH0 L OW1 ZZ}) drs.!", "A-b;c: d? {} {x", "Ünder  st. ft.\n"]:
        assert text_to_sequence(text, [cleaner]) == theirs.text_to_sequence(text, [cleaner])
    assert list(SPEECH_SYMBOLS) == theirs.symbols
