import pytest
import torch

from sonovox._kernels import ctc_prefixes as module
from sonovox._kernels.ctc_prefixes import Prefix, ctc_prefixes
from sonovox._kernels.load import Kernels, kernels
from sonovox.decoding.ctc_prefix_beam import search_prefixes

pytestmark = pytest.mark.skipif(kernels().library is None, reason=f"no kernels: {kernels().reason}")
OPTIONS = {"beam_size": 12, "beam_prune_logp": -10.0, "token_prune_min_logp": -5.0, "topk": 4}


def posteriors(kind, items=4, frames=70, tokens=16):
    generator = torch.Generator().manual_seed(3)
    scores = 2 * torch.randn(items, frames, tokens, generator=generator)
    if kind == "peaky":
        said = torch.randint(0, tokens, (items, frames), generator=generator)
        silent = torch.rand(items, frames, generator=generator) < 0.6
        scores.scatter_(2, said.masked_fill(silent, 0).unsqueeze(2), 9.0)
    return scores.log_softmax(-1)


def without_kernel(monkeypatch, *arguments, **options):
    with monkeypatch.context() as patch:
        patch.setattr(module, "kernels", lambda: Kernels(None, "switched off"))
        return search_prefixes(*arguments, **options)


@pytest.mark.parametrize("kind", ["random", "peaky"])
@pytest.mark.parametrize("limits", [{}, {"beam_prune_logp": -1e9, "token_prune_min_logp": -1e9}, {"beam_size": 1}])
def test_the_search_in_torch_finds_the_same(kind, limits, monkeypatch):
    log_probs, counts = posteriors(kind), [70, 33, 1, 0]
    options = {**OPTIONS, **limits}
    for item, count in enumerate(counts):  # alone: of a batch, torch considers what any item does
        inputs = log_probs[item : item + 1, :count], [count], 0
        (ours,), (theirs,) = search_prefixes(*inputs, **options), without_kernel(monkeypatch, *inputs, **options)
        assert ours.tokens == theirs.tokens
        assert ours.frames == theirs.frames
        assert ours.scores == pytest.approx(theirs.scores, rel=1e-9, abs=1e-9)


def test_scores_of_long_items_do_not_run_out_of_numbers(monkeypatch):
    log_probs = posteriors("random", items=1, frames=3000)
    inputs = log_probs, [3000], 0
    (ours,), (theirs,) = search_prefixes(*inputs, **OPTIONS), without_kernel(monkeypatch, *inputs, **OPTIONS)
    assert ours.scores[0] < -1500
    assert ours.tokens == theirs.tokens
    assert ours.scores == pytest.approx(theirs.scores, rel=1e-9)


def test_frames_that_cannot_be_give_nothing():
    log_probs = torch.full((1, 3, 4), -torch.inf)
    assert ctc_prefixes(log_probs, [3], 0, torch.arange(4), **OPTIONS) == [[]]


def test_a_prefix_says_what_when_and_how_probably():
    log_probs = torch.tensor([[[0.1, 0.8, 0.1], [0.9, 0.05, 0.05], [0.1, 0.1, 0.8]]]).log()
    best = ctc_prefixes(log_probs, [3], 0, torch.tensor([3, 5, 7]), **OPTIONS)[0][0]
    assert isinstance(best, Prefix)
    assert (best.tokens, best.frames) == ([1, 2], [0, 2])
