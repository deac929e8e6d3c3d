import pytest

from small_encoder import VOCABULARY
from sonovox._internal.errors import ArgumentError
from sonovox.finetuning.encoder import EncoderDescription
from sonovox.finetuning.head import choose_head
from sonovox.models.wav2vec2 import CTCVocabulary, Preprocessor, Wav2Vec2Config

CAPITALS = EncoderDescription(Wav2Vec2Config(), Preprocessor(), VOCABULARY)  # A B C and the mark between words


def choice(texts, keep=None, encoder=CAPITALS):
    return choose_head(encoder, dict(enumerate(texts)), keep)


def test_a_head_that_can_write_all_texts_is_kept_in_its_case():
    head = choice(["ab ba", "c"])
    assert (head.is_kept, head.case("ab"), head.lacking) == (True, "AB", {})
    assert head.reason == "kept, with its 6 labels, and texts are learnt in capitals"
    assert choice(["AB"]).reason == "kept, with its 6 labels"


def test_one_that_cannot_is_thrown_away_and_the_report_says_why():
    head = choice(["ab", "äb", "dä"])
    assert not head.is_kept
    assert "the encoder's own of 6 labels is thrown away, as it lacks Ä D (2 of 3 texts)" in head.reason
    assert "--keep-head keeps it, and leaves those texts out" in head.reason


def test_one_that_shall_be_kept_leaves_texts_out():
    head = choice(["ab", "äb"], keep=True)
    assert (head.is_kept, head.lacking) == (True, {1: "Ä"})
    assert "1 of 2 texts are left out for characters that it lacks: Ä" in head.reason


def test_special_labels_are_no_text_and_words_need_their_mark():
    letters = CTCVocabulary(("<pad>", "a"), special=frozenset({"<pad>"}))
    head = choice(["a a", "a<pad>"], encoder=EncoderDescription(Wav2Vec2Config(), Preprocessor(), letters))
    assert "the space between words" in head.reason
    assert not head.is_kept


def test_a_new_one_is_made_where_it_is_asked_for_or_there_is_none():
    assert "new, as asked for" in choice(["ab"], keep=False).reason
    bare = EncoderDescription(Wav2Vec2Config(), Preprocessor())
    assert choice(["ab"], encoder=bare).reason == "new, as the encoder has none"
    torn = EncoderDescription(Wav2Vec2Config(), Preprocessor(), defect="there is no file vocab.json")
    assert "cannot be used: there is no file vocab.json" in choice(["ab"], encoder=torn).reason
    for encoder in (bare, torn):
        with pytest.raises(ArgumentError, match="there is no head to keep"):
            choice(["ab"], keep=True, encoder=encoder)
