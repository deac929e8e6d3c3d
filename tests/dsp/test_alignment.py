import itertools
import json

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.alignment import TokenSpan, forced_align, merge_tokens


def log_probs(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).log_softmax(-1)


def collapse(path, blank):
    return [token for token, _ in itertools.groupby(path) if token != blank]


def best_by_enumeration(item, target, blank):
    """The highest sum of log-probabilities of any path that reads as `target`."""
    time, classes = item.shape
    readings = (path for path in itertools.product(range(classes), repeat=time) if collapse(path, blank) == target)
    return max(sum(item[t, token].item() for t, token in enumerate(path)) for path in readings)


@pytest.mark.parametrize("target", [[1], [1, 2], [2, 2], [1, 2, 1], [2, 2, 2], []])
@pytest.mark.parametrize("blank", [0, 3])
def test_is_the_best_of_all_paths(target, blank):
    target = [token - 1 if blank == 3 else token for token in target]
    for seed in range(3):
        item = log_probs(6, 4, seed=seed)
        tokens, scores = forced_align(item, torch.tensor(target, dtype=torch.long), blank=blank)
        assert collapse(tokens.tolist(), blank) == target
        assert scores.sum().item() == pytest.approx(best_by_enumeration(item, target, blank), abs=1e-12)


@pytest.mark.parametrize("kind", ["functional", "decoding"])
def test_equals_torchaudio_ties_included(torchaudio_reference, kind):
    folder = torchaudio_reference / kind
    arrays = np.load(folder / "forced_align.npz")
    for call in json.loads((folder / "forced_align.json").read_text())["calls"]:
        inputs = {key: torch.from_numpy(arrays[f"{call['id']}.in.{key}"]) for key in call["tensors"]}
        tokens, scores = forced_align(**inputs, **call["kwargs"])
        expected = torch.from_numpy(arrays[f"{call['id']}.out64.0"])
        assert tokens.dtype == inputs["targets"].dtype
        assert torch.equal(tokens, expected.to(tokens.dtype))
        torch.testing.assert_close(scores, torch.from_numpy(arrays[f"{call['id']}.out32.1"]), rtol=0, atol=0)
        spans = call.get("merge_tokens of exp(scores)")
        if spans:
            found = merge_tokens(tokens[0], scores[0].exp(), call["kwargs"]["blank"])
            assert [[span.token, span.start, span.end] for span in found] == [span[:3] for span in spans]
            assert [span.score for span in found] == pytest.approx([span[3] for span in spans], rel=1e-6)


def test_merged_spans_equal_torchaudio(torchaudio_reference):
    folder = torchaudio_reference / "functional"
    arrays = np.load(folder / "merge_tokens.npz")
    expected = json.loads((folder / "merge_tokens.json").read_text())
    found = merge_tokens(*(torch.from_numpy(arrays[key]) for key in ("tokens", "scores")), expected["blank"])
    assert [(s.token, s.start, s.end, len(s)) for s in found] == [
        (s["token"], s["start"], s["end"], s["len"]) for s in expected["spans"]
    ]
    assert [s.score for s in found] == pytest.approx([s["score"] for s in expected["spans"]], rel=1e-6)


def test_a_batch_with_lengths_is_a_loop_over_items():
    probs, targets = log_probs(4, 20, 6), torch.tensor([[1, 2, 2], [3, 5, -1], [4, 0, 9], [1, 1, 1]])
    frames, labels = torch.tensor([20, 13, 1, 5]), torch.tensor([3, 2, 1, 3])
    tokens, scores = forced_align(probs, targets, frames, labels)
    for i in range(4):
        alone, its_scores = forced_align(probs[i, : frames[i]], targets[i, : labels[i]])
        assert torch.equal(tokens[i, : frames[i]], alone)
        assert torch.equal(scores[i, : frames[i]], its_scores)
        assert not tokens[i, frames[i] :].any()
        assert not scores[i, frames[i] :].any()
    nested = forced_align(probs.view(2, 2, 20, 6), targets.view(2, 2, 3), frames.view(2, 2), labels.view(2, 2))
    assert torch.equal(nested[0].view(4, 20), tokens)


def test_what_lies_beyond_the_lengths_is_not_looked_at():
    probs, targets, frames = log_probs(2, 9, 4), torch.tensor([[1, 2], [2, 1]]), torch.tensor([9, 5])
    before = forced_align(probs, targets, frames)
    probs[1, 5:] = torch.nan
    after = forced_align(probs, targets, frames)
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_a_transcript_of_nothing_is_all_blank():
    tokens, scores = forced_align(log_probs(2, 5, 3), torch.zeros(2, 0, dtype=torch.long))
    assert not tokens.any()
    assert scores.shape == (2, 5)
    assert forced_align(log_probs(0, 5, 3), torch.zeros(0, 2, dtype=torch.long))[0].shape == (0, 5)
    assert forced_align(log_probs(2, 0, 3), torch.zeros(2, 0, dtype=torch.long))[1].shape == (2, 0)


def test_scores_carry_the_gradient_of_the_path():
    probs, targets = log_probs(2, 6, 4).requires_grad_(), torch.tensor([[1, 2], [3, 3]])
    assert gradcheck(lambda x: forced_align(x, targets)[1], probs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_gives_the_path_of_its_exact_values(dtype):
    probs, targets = log_probs(2, 40, 8).to(dtype), torch.tensor([[1, 2, 3, 3], [4, 5, 6, 7]])
    tokens, scores = forced_align(probs, targets)
    assert scores.dtype == dtype
    assert torch.equal(tokens, forced_align(probs.double(), targets)[0])


def test_a_thousand_frames_add_up_without_rounding_away_a_better_path():
    probs = torch.full((20000, 3), -20.0)
    # Label 1 is better than a blank in one frame by less than float32 can add to 20000 * 20.
    probs[10000, 1] += 1e-3
    tokens, _ = forced_align(probs, torch.tensor([1, 2]))
    assert tokens[10000] == 1


def test_compiles_maps_and_exports():
    probs, targets = log_probs(3, 12, 5), torch.tensor([[1, 2], [3, 3], [4, 1]])
    expected = forced_align(probs, targets)
    torch.compiler.reset()
    assert torch.equal(torch.compile(forced_align, backend="eager", fullgraph=True)(probs, targets)[0], expected[0])
    assert torch.equal(torch.vmap(forced_align)(probs, targets)[0], expected[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": torch.tensor([[1, 0]])}, "targets must not hold the blank 0, got it in item 0 at place 1"),
        ({"targets": torch.tensor([[1, 5]])}, r"targets must be classes from 0 to 3, got \[1, 5\]"),
        ({"targets": torch.tensor([[1.0, 2.0]])}, "targets must be integers, got torch.float32"),
        ({"targets": torch.tensor([1, 2])}, r"targets must be \(..., labels\) with the leading dimensions \(1,\)"),
        ({"targets": torch.tensor([[1, 1, 1, 1]])}, "item 0 has 5 frames, and its 4 labels with 3 repeats need 7"),
        ({"input_lengths": torch.tensor([6])}, r"input_lengths must be from 0 to 5, got \[6\]"),
        ({"input_lengths": torch.tensor([1])}, "item 0 has 1 frames, and its 2 labels with 0 repeats need 2; check"),
        ({"input_lengths": torch.tensor(5)}, r"input_lengths must have shape \(1,\), one for each item, got \(\)"),
        ({"target_lengths": torch.tensor([3])}, r"target_lengths must be from 0 to 2, got \[3\]"),
        ({"blank": 4}, "blank must be a class from 0 to 3, got 4"),
        ({"log_probs": torch.zeros(1, 5, 4, dtype=torch.int16)}, "log_probs must be floating point, got int16"),
        ({"log_probs": torch.zeros(5)}, r"log_probs must be \(..., time, classes\), got shape \(5,\)"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(change, message):
    arguments = {"log_probs": log_probs(1, 5, 4), "targets": torch.tensor([[1, 2]])} | change
    with pytest.raises(ValueError, match=message):
        forced_align(**arguments)


def test_spans_of_a_batch_are_lists_of_lists():
    tokens, scores = torch.tensor([[1, 1, 0, 1], [0, 0, 0, 0]]), torch.tensor([[1.0, 0.5, 0.0, 0.25], [0.0] * 4])
    assert merge_tokens(tokens, scores) == [[TokenSpan(1, 0, 2, 0.75), TokenSpan(1, 3, 4, 0.25)], []]
    assert merge_tokens(tokens[0, :0], scores[0, :0]) == []
    with pytest.raises(ValueError, match=r"must both be \(..., time\), got shapes \(2, 4\) and \(4,\)"):
        merge_tokens(tokens, scores[0])
