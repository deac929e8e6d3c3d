import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import CTCBeamSearcher, CTCPrefixBeamSearcher

VOCABULARY = ["", " ", *"abcdet"]


def said(letters, certainty=6.0, doubt=()):
    """Frames that say `letters`, `-` for blank; `doubt` has `(frame, letter)` that are as probable."""
    scores = torch.zeros(1, len(letters), len(VOCABULARY))
    for frame, letter in enumerate(letters):
        scores[0, frame, VOCABULARY.index("" if letter == "-" else letter)] = certainty
    for frame, letter in doubt:
        scores[0, frame, VOCABULARY.index(letter)] = certainty + 0.5
    return scores.log_softmax(-1)


def test_words_have_the_frames_at_which_they_were_said():
    best = CTCBeamSearcher(0, VOCABULARY)(said("-bee- caab--"))[0][0]
    assert best.text == "be cab"
    assert best.text_frames == [("be", (1, 3)), ("cab", (6, 10))]
    assert [VOCABULARY[token] for token in best.tokens] == list("be cab")
    assert best.token_frames == [1, 2, 5, 6, 7, 9]


def test_pieces_of_sentencepiece_are_joined():
    frames = torch.nn.functional.one_hot(torch.tensor([[1, 2, 0, 1, 3]]), 4) * 9.0
    best = CTCBeamSearcher(0, ["<blank>", "▁a", "b", "▁c"])(frames.log_softmax(-1))[0][0]
    assert best.text == "ab a c"
    assert best.text_frames == [("ab", (0, 2)), ("a", (3, 4)), ("c", (4, 5))]


def test_several_texts_are_given_best_first():
    texts = CTCBeamSearcher(0, VOCABULARY, topk=3)(said("cat", doubt=[(2, "b")]))[0]
    assert [hypothesis.text for hypothesis in texts[:2]] == ["cab", "cat"]
    assert len(texts) == 3
    assert texts[0].score > texts[1].score > texts[2].score


def test_a_lexicon_decides():
    frames = said("cat", doubt=[(2, "b")])
    assert CTCBeamSearcher(0, VOCABULARY, lexicon=["cat"])(frames)[0][0].text == "cat"


@pytest.mark.parametrize("hotwords", [["cat"], {"cat": 5.0}])
def test_a_hot_word_decides(hotwords):
    frames = said("cat", doubt=[(2, "b")])
    assert CTCBeamSearcher(0, VOCABULARY, hotwords=hotwords)(frames)[0][0].text == "cat"


def test_a_language_model_decides(tmp_path):
    path = tmp_path / "words.arpa"
    path.write_text(
        "\\data\\\nngram 1=4\n\n\\1-grams:\n-0.3 cat\n-3.0 cab\n-1.0 </s>\n-99 <s>\n-5.0 <unk>\n\n\\end\\\n"
    )
    frames = said("cat", doubt=[(2, "b")])
    best = CTCBeamSearcher(0, VOCABULARY, kenlm_model_path=path)(frames)[0][0]
    assert best.text == "cat"
    # alpha 0.5 and beta 1.5 for the word, and the end of the sentence.
    assert best.lm_score - best.score == pytest.approx(0.5 * (-0.3 - 1.0) * 2.302585 + 1.5, abs=1e-4)


def test_unknown_words_cost():
    frames = said("cat", doubt=[(2, "b")])
    assert CTCBeamSearcher(0, VOCABULARY, unigrams=["cat"])(frames)[0][0].text == "cat"
    assert CTCBeamSearcher(0, VOCABULARY, unigrams=["cat"], unk_score_offset=-0.1)(frames)[0][0].text == "cab"


def test_frames_of_blank_may_be_skipped():
    frames = said("-bee- caab--", certainty=9.0)
    skipping = CTCBeamSearcher(0, VOCABULARY, blank_skip_threshold=0.9)(frames)[0][0]
    assert skipping.text_frames == [("be", (1, 3)), ("cab", (6, 10))]


def test_items_end_where_their_lengths_say():
    frames = said("cab-ate-").expand(2, -1, -1)
    texts = CTCPrefixBeamSearcher(0, VOCABULARY)(frames, torch.tensor([0.5, 1.0]))
    assert [hypotheses[0].text for hypotheses in texts] == ["cab", "cabate"]


def test_frames_of_other_tokens_are_refused():
    with pytest.raises(ArgumentError, match=r"\(batch, frames, 8\), got \(1, 3, 5\)"):
        CTCBeamSearcher(0, VOCABULARY)(torch.zeros(1, 3, 5))


def test_lengths_of_another_batch_are_refused():
    with pytest.raises(ArgumentError, match=r"\(1,\), got \(2,\)"):
        CTCBeamSearcher(0, VOCABULARY)(torch.zeros(1, 3, 8), torch.ones(2))


def test_a_blank_that_is_no_token_is_refused():
    with pytest.raises(ArgumentError, match="8 tokens, got 8"):
        CTCBeamSearcher(8, VOCABULARY)
