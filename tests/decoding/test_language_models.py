import gzip
import math

import pytest

from sonovox._internal.errors import DecodingError
from sonovox.decoding import NGramLanguageModel

ARPA = """
\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.3
-0.7\tthe\t-0.2
-0.9\tcat\t-0.4
-1.2\t</s>

\\2-grams:
-0.1\t<s> the\t-0.5
-0.2\tthe cat\t-0.6
-0.3\tcat </s>

\\3-grams:
-0.05\t<s> the cat

\\end\\
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.arpa"
    path.write_text(ARPA)
    return NGramLanguageModel.from_arpa(path)


def log10(value):
    return pytest.approx(value * math.log(10))


def test_a_listed_ngram_has_its_probability(model):
    assert model.order == 3
    assert model.score(("<s>", "the"), "cat") == log10(-0.05)
    assert model.score(("the",), "cat") == log10(-0.2)


def test_an_ngram_that_is_not_listed_backs_off(model):
    assert model.score(("<s>",), "cat") == log10(-0.3 - 0.9)
    assert model.score(("<s>", "the"), "the") == log10(-0.5 - 0.2 - 0.7)
    assert model.score(("the", "cat"), "</s>") == log10(-0.6 - 0.3)


def test_a_word_that_is_not_listed_is_unknown(model):
    assert model.score(("the",), "dog") == log10(-0.2 - 1.0)
    assert "dog" not in model
    assert "cat" in model


def test_a_context_is_what_begins_an_ngram(model):
    assert model.start == ("<s>",)
    assert model.context(("<s>",), "the") == ("<s>", "the")
    assert model.context(("<s>", "the"), "cat") == ("the", "cat")
    assert model.context(("the", "cat"), "the") == ("the",)
    assert model.context(("the",), "dog") == ("<unk>",)


def test_a_sentence_is_the_sum_of_its_words(model):
    assert model.score_sentence(["the", "cat"]) == log10(-0.1 - 0.05 - 0.6 - 0.3)


def test_a_context_of_the_model_says_what_the_whole_history_says(model):
    words = ["<s>", "the", "cat", "the", "the", "cat", "dog", "cat"]
    context = ()
    for place, word in enumerate(words):
        assert model.score(context, word) == pytest.approx(model.score(tuple(words[:place]), word))
        context = model.context(context, word)


def test_a_packed_file_is_read(tmp_path, model):
    path = tmp_path / "model.arpa.gz"
    path.write_bytes(gzip.compress(ARPA.encode()))
    assert NGramLanguageModel.from_arpa(path) == model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\\data\\\n\\1-grams:\n-1.0 a b c d\n\\end\\\n", "line 3 should have a probability, 1 words"),
        ("\\data\\\n\\1-grams:\n-1.0\ta\n", "end"),
        ("", "end"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, text, message):
    path = tmp_path / "model.arpa"
    path.write_text(text)
    with pytest.raises(DecodingError, match=message):
        NGramLanguageModel.from_arpa(path)


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\x00\xff\xfe")
    with pytest.raises(DecodingError, match="no ARPA file"):
        NGramLanguageModel.from_arpa(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DecodingError, match="cannot be read"):
        NGramLanguageModel.from_arpa(tmp_path / "none.arpa")
