import itertools

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import CTCScorer

BLANK, BOS, EOS, TOKENS, FRAMES = 0, 1, 2, 5, 5


def frames(batch=2, seed=0):
    return 2 * torch.randn(batch, FRAMES, TOKENS, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def spelled(path):
    return tuple(token for token, _ in itertools.groupby(path) if token != BLANK)


def by_all_paths(logits, count, prefix):
    """Probability that what `count` frames spell begins with `prefix`, and that it is `prefix`."""
    probabilities = logits.softmax(-1)[:count]
    begins = whole = 0.0
    for path in itertools.product(range(TOKENS), repeat=count):
        probability = float(torch.stack([probabilities[t, token] for t, token in enumerate(path)]).prod())
        said = spelled(path)
        begins += probability * (said[: len(prefix)] == prefix)
        whole += probability * (said == prefix)
    return begins, whole


@pytest.mark.parametrize("partial", [False, True])
def test_scores_are_sums_over_all_paths(partial):
    logits, counts = frames(), torch.tensor([5, 4])
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS)
    memory = scorer.reset_mem(logits, counts)
    candidates = torch.tensor([[EOS, 3, 4]] * 2) if partial else None
    last, before = torch.tensor([BOS, BOS]), [1.0, 1.0]
    prefix: tuple[int, ...] = ()
    for token in (3, 3, 4):  # once more the same token needs a blank between
        scores, memory = scorer.score(last, memory, candidates, None)
        for item in range(2):
            begins, _ = by_all_paths(logits[item], int(counts[item]), (*prefix, token))
            _, whole = by_all_paths(logits[item], int(counts[item]), prefix)
            # float32 of scores in float64
            assert float(scores[item, token].exp()) == pytest.approx(begins / before[item], rel=1e-5)
            assert float(scores[item, EOS].exp()) == pytest.approx(whole / before[item], rel=1e-5)
            before[item] = begins
        assert (scores[:, BLANK] < -1e19).all()
        assert (scores[:, BOS] < -1e19).all() == partial
        memory = scorer.permute_mem(memory, torch.full((2, 1), token))
        prefix, last = (*prefix, token), torch.tensor([token] * 2)


def test_hypotheses_of_an_item_share_its_frames():
    logits = frames()
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS)
    memory = scorer.reset_mem(logits, torch.tensor([5, 5]))
    _, memory = scorer.score(torch.full((4,), BOS), memory, None, None)
    # Of each item, hypothesis 0 with token 3 and hypothesis 1 with token 4.
    memory = scorer.permute_mem(memory, torch.tensor([[3, TOKENS + 4]] * 2))
    scores, _ = scorer.score(torch.tensor([3, 4, 3, 4]), memory, None, None)
    for row, (item, token) in enumerate([(0, 3), (0, 4), (1, 3), (1, 4)]):
        begins, whole = by_all_paths(logits[item], 5, (token,))
        assert float(scores[row, EOS].exp()) == pytest.approx(whole / begins, rel=1e-5)


def test_items_that_leave_take_their_prefixes_with_them():
    logits, last = frames(batch=3), torch.tensor([3, 3, 4])
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS)
    _, memory = scorer.score(torch.full((3,), BOS), scorer.reset_mem(logits, torch.tensor([5, 4, 5])), None, None)
    memory = scorer.permute_mem(memory, last.unsqueeze(1))
    everything, _ = scorer.score(last, memory, None, None)
    kept = torch.tensor([0, 2])
    some, _ = scorer.score(last[kept], scorer.keep_items(memory, kept, kept), None, None)
    assert torch.equal(some, everything[kept])


def test_a_window_as_wide_as_the_utterance_changes_nothing():
    logits, counts, attn = frames(), torch.tensor([5, 4]), torch.eye(FRAMES)[:2]
    everything, window = (CTCScorer(torch.nn.Identity(), BLANK, EOS, size) for size in (0, FRAMES + 1))
    expected, _ = everything.score(torch.tensor([BOS] * 2), everything.reset_mem(logits, counts), None, attn)
    scores, _ = window.score(torch.tensor([BOS] * 2), window.reset_mem(logits, counts), None, attn)
    assert torch.equal(scores, expected)


def test_outside_of_the_window_nothing_is_said():
    logits = torch.full((1, FRAMES, TOKENS), -20.0)
    logits[:, :, BLANK] = 0.0
    logits[:, 4, 3] = 20.0  # token 3 is said in the last frame
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS, ctc_window_size=2)
    early, late = torch.eye(FRAMES)[[0]], torch.eye(FRAMES)[[3]]
    heard = [
        scorer.score(torch.tensor([BOS]), scorer.reset_mem(logits, torch.tensor([5])), None, attn)[0][0, 3]
        for attn in (early, late)
    ]
    assert heard[0] < -15
    assert heard[1] > -0.1


def test_a_prefix_is_given_up_where_its_window_ends():
    """Each token begins inside its window, and the next one while that window, which its prefix needs, is open."""
    logits, said, peaks, size = frames(batch=1), (3, 4, 3), (0, 2, 4), 2
    probabilities = logits[0].softmax(-1)
    windows = [range(max(peak - size, 0), min(peak + size, FRAMES)) for peak in peaks]
    expected = [0.0] * len(said)
    for path in itertools.product(range(TOKENS), repeat=FRAMES):
        begins = [t for t, token in enumerate(path) if token != BLANK and (t == 0 or path[t - 1] != token)]
        probability = float(torch.stack([probabilities[t, token] for t, token in enumerate(path)]).prod())
        for place, window in enumerate(windows):
            if len(begins) <= place or path[begins[place]] != said[place] or begins[place] not in window:
                break
            if place and begins[place] - 1 not in windows[place - 1]:
                break
            expected[place] += probability
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS, ctc_window_size=size)
    memory, last, before = scorer.reset_mem(logits, torch.tensor([FRAMES])), torch.tensor([BOS]), 1.0
    for token, peak, begun in zip(said, peaks, expected, strict=True):
        scores, memory = scorer.score(last, memory, None, torch.eye(FRAMES)[[peak]])
        assert float(scores[0, token].exp()) == pytest.approx(begun / before, rel=1e-5)
        memory, last, before = scorer.permute_mem(memory, torch.tensor([[token]])), torch.tensor([token]), begun


def test_a_window_needs_attention():
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS, ctc_window_size=2)
    with pytest.raises(ArgumentError, match="where it listened"):
        scorer.score(torch.tensor([BOS]), scorer.reset_mem(frames(batch=1), torch.tensor([5])), None, None)


def test_a_long_utterance_keeps_its_scores():
    generator = torch.Generator().manual_seed(0)
    logits = 8 * torch.randn(1, 2000, TOKENS, generator=generator)
    scorer = CTCScorer(torch.nn.Identity(), BLANK, EOS)
    memory, last, total = scorer.reset_mem(logits, torch.tensor([2000])), BOS, 0.0
    labels = [3, 4, 4, 1] * 50
    for token in labels:
        scores, memory = scorer.score(torch.tensor([last]), memory, None, None)
        total += float(scores[0, token])
        memory = scorer.permute_mem(memory, torch.tensor([[token]]))
        last = token
    total += float(scorer.score(torch.tensor([last]), memory, None, None)[0][0, EOS])
    loss = torch.nn.functional.ctc_loss(
        logits.double().log_softmax(-1).transpose(0, 1), torch.tensor([labels]), torch.tensor([2000]),
        torch.tensor([200]), reduction="sum",
    )  # fmt: skip
    assert -total == pytest.approx(float(loss), rel=1e-5)
