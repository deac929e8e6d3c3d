import itertools
import math

import pytest
import torch

from sonovox.decoding.ctc_prefix_beam import search_prefixes
from sonovox.decoding.ctc_words import WordScores

WIDE = {"beam_size": 400, "beam_prune_logp": -1e9, "token_prune_min_logp": -1e9, "topk": 400}
TEXTS = ["", "a", "b", " "]


def frames(items, count, tokens=4, sharpness=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (sharpness * torch.randn(items, count, tokens, generator=generator)).log_softmax(-1)


def every_prefix(log_probs):
    """Log-probability of all that the frames may spell."""
    totals: dict[tuple[int, ...], float] = {}
    rows = log_probs.double().exp().tolist()
    for path in itertools.product(range(len(rows[0])), repeat=len(rows)):
        said = tuple(token for token, _ in itertools.groupby(path) if token)
        totals[said] = totals.get(said, 0.0) + math.prod(row[token] for row, token in zip(rows, path, strict=True))
    return {said: math.log(total) for said, total in totals.items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_a_beam_as_wide_as_the_space_finds_all_texts_with_their_sums(seed):
    log_probs = frames(3, 5, seed=seed)
    for item, paths in enumerate(search_prefixes(log_probs, [5, 3, 4], 0, **WIDE)):
        expected = every_prefix(log_probs[item, : [5, 3, 4][item]])
        found = {tuple(tokens): score for tokens, score in zip(paths.tokens, paths.scores, strict=True)}
        assert len(found) == len(paths.tokens)
        assert found == pytest.approx(expected, abs=1e-6)  # float32 of the frames
        assert paths.scores == sorted(paths.scores, reverse=True)


def test_the_blank_may_be_any_token():
    log_probs = frames(1, 4)
    (paths,) = search_prefixes(log_probs.roll(-1, dims=2), [4], 3, **WIDE)
    found = {tuple(token + 1 for token in tokens): s for tokens, s in zip(paths.tokens, paths.scores, strict=True)}
    assert found == pytest.approx(every_prefix(log_probs[0]), abs=1e-6)


def test_an_item_in_a_batch_is_searched_as_it_is_alone():
    log_probs, counts = frames(5, 60, tokens=12, sharpness=2.0), [40, 60, 17, 60, 0]
    options = {"beam_size": 10, "beam_prune_logp": -12.0, "token_prune_min_logp": -5.0, "topk": 3}
    together = search_prefixes(log_probs, counts, 0, **options)
    for item, count in enumerate(counts):
        (alone,) = search_prefixes(log_probs[item : item + 1, :count], [count], 0, **options)
        assert alone.tokens == together[item].tokens
        assert alone.frames == together[item].frames
        assert alone.scores == pytest.approx(together[item].scores)
    assert together[4].tokens == [[]]


def test_scores_of_a_narrow_beam_are_sums_over_all_alignments_too():
    log_probs = frames(1, 6)
    expected = every_prefix(log_probs[0])
    (paths,) = search_prefixes(log_probs, [6], 0, beam_size=3, beam_prune_logp=-5.0, token_prune_min_logp=-1.5, topk=3)
    for tokens, score in zip(paths.tokens, paths.scores, strict=True):
        assert score == pytest.approx(expected[tuple(tokens)], abs=1e-6)
    assert paths.scores[0] == pytest.approx(max(expected.values()), abs=1e-6)


def test_tokens_are_said_at_the_frames_where_they_are_probable():
    spoken = [0, 0, 1, 1, 0, 2, 2, 2, 0, 2]
    log_probs = (8.0 * torch.nn.functional.one_hot(torch.tensor([spoken]), 4).float()).log_softmax(-1)
    (paths,) = search_prefixes(
        log_probs, [10], 0, beam_size=8, beam_prune_logp=-10.0, token_prune_min_logp=-5.0, topk=1
    )
    assert paths.tokens == [[1, 2, 2]]
    assert paths.frames == [[2, 5, 9]]


def test_words_are_added_to_every_text():
    words = WordScores(TEXTS, lexicon=frozenset({"a", "ab"}), hotwords={"ab": 3.0})
    log_probs = frames(1, 4)
    (paths,) = search_prefixes(log_probs, [4], 0, **WIDE, words=words)
    expected = {}
    for said, score in every_prefix(log_probs[0]).items():
        text = "".join(TEXTS[token] for token in said).split()
        if set(text) <= {"a", "ab"}:
            expected[said] = score + 3.0 * text.count("ab")
    found = {tuple(tokens): score for tokens, score in zip(paths.tokens, paths.combined, strict=True)}
    assert found == pytest.approx(expected, abs=1e-6)


def test_hypotheses_far_below_the_best_are_dropped():
    log_probs = frames(1, 6)
    (paths,) = search_prefixes(log_probs, [6], 0, **{**WIDE, "beam_prune_logp": -1.0})
    assert 0 < len(paths.tokens) < 20
    assert paths.scores[-1] >= paths.scores[0] - 1.0
