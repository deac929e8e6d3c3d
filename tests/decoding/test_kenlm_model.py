import pytest

from sonovox._internal.errors import DecodingError
from sonovox.decoding import KenLMModel, NGramLanguageModel, read_language_model
from sonovox.decoding.language_models import NGramLanguageModel as Ours

ARPA = """\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.4
-0.7\t</s>
-0.5\ta\t-0.3
-0.9\tb\t-0.2

\\2-grams:
-0.2\t<s> a
-0.6\ta b
-0.1\tb </s>

\\end\\
"""


@pytest.fixture
def arpa(tmp_path):
    path = tmp_path / "words.arpa"
    path.write_text(ARPA)
    return path


def test_a_text_file_needs_no_package(arpa):
    assert isinstance(read_language_model(arpa), Ours)


def test_kenlm_says_what_our_reader_says(arpa):
    pytest.importorskip("kenlm")
    theirs, ours = KenLMModel(arpa), NGramLanguageModel.from_arpa(arpa)  # KenLM reads text, too
    assert theirs.order == ours.order
    for sentence in (["a", "b"], ["b", "b", "a"], ["x", "a"], []):
        contexts = theirs.start, ours.start
        for word in [*sentence, "</s>"]:
            scores = [model.score(context, word) for model, context in zip((theirs, ours), contexts, strict=True)]
            assert scores[0] == pytest.approx(scores[1], abs=1e-5)  # float32 of logarithms to ten
            contexts = theirs.context(contexts[0], word), ours.context(contexts[1], word)
    assert theirs.score((), "a") == pytest.approx(ours.score((), "a"), abs=1e-5)
    assert "a" in theirs
    assert "x" not in theirs


def test_a_binary_file_is_for_kenlm(tmp_path):
    path = tmp_path / "words.bin"
    path.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0" + b"\0" * 100)
    kenlm = pytest.importorskip("kenlm")
    assert kenlm
    with pytest.raises(DecodingError, match=r"words\.bin cannot be read"):
        read_language_model(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DecodingError, match="cannot be read"):
        read_language_model(tmp_path / "nothing")
