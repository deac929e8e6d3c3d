import pytest
import torch

from decoding.small_transducers import encoded, every_transcript, log_probability, networks
from sonovox.decoding import TransducerBeamSearcher
from sonovox.decoding.transducer_beam import BeamLimits, search_transducer
from sonovox.decoding.transducer_steps import TransducerSteps
from sonovox.models import RNNLM

INFINITE = float("inf")
NO_LIMITS = {"state_beam": INFINITE, "expand_beam": INFINITE, "length_normalization": False}


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize(("frames", "most"), [(2, 3), (3, 2)])
def test_a_beam_as_wide_as_the_space_sums_over_all_alignments(kind, frames, most):
    parts = networks(tokens=3, kind=kind)
    states = encoded(2, frames)
    # Two tokens beside the blank, at most six in all: 127 transcripts, of which none is let go.
    searcher = TransducerBeamSearcher(
        **parts, blank_id=0, beam_size=127, nbest=127, max_symbols_per_step=most, **NO_LIMITS
    )
    for row, paths in enumerate(searcher.search(states)):
        found = {tuple(path.tokens): path.score for path in paths}
        assert len(found) == 127
        for said in every_transcript(3, most):
            assert found[tuple(said)] == pytest.approx(log_probability(parts, states[row], said), abs=1e-5)


def test_with_a_language_model_the_truth_is_the_sum_of_both():
    parts = networks(tokens=3)
    torch.manual_seed(1)
    lm = RNNLM(3, 5, dropout=0.0, rnn_neurons=8, dnn_neurons=6, return_hidden=True).eval()
    states = encoded(1, 2)
    settings = {"beam_size": 127, "nbest": 127, "max_symbols_per_step": 3, "lm_module": lm, "lm_weight": 0.6}
    searcher = TransducerBeamSearcher(**parts, blank_id=0, **settings, **NO_LIMITS)
    found = {tuple(path.tokens): path.score for path in searcher.search(states)[0]}
    for said in every_transcript(3, 3):
        with torch.no_grad():
            words = lm(torch.tensor([[0, *said]]))[0][0].log_softmax(-1)
        expected = log_probability(parts, states[0], said)
        expected += 0.6 * sum(float(words[place, token]) for place, token in enumerate(said))
        assert found[tuple(said)] == pytest.approx(expected, abs=1e-5)


def test_scores_of_a_narrow_beam_stay_below_the_truth_and_near_it():
    parts = networks(tokens=5)
    states = encoded(8, 12, seed=3)
    narrow = TransducerBeamSearcher(**parts, blank_id=0, beam_size=4, **NO_LIMITS)
    greedy = TransducerBeamSearcher(**parts, blank_id=0, beam_size=1)
    better = 0
    for row, (paths, simple) in enumerate(zip(narrow.search(states), greedy(states)[0], strict=True)):
        truth = log_probability(parts, states[row], paths[0].tokens)
        assert paths[0].score <= truth + 1e-4
        assert paths[0].score > truth - 3.0
        better += truth > log_probability(parts, states[row], simple) + 1e-4
        assert truth >= log_probability(parts, states[row], simple) - 1e-4
    assert better > 2


def test_frames_of_tokens_are_in_order():
    searcher = TransducerBeamSearcher(**networks(), blank_id=0, beam_size=4)
    for paths in searcher.search(encoded(3, 10)):
        for path in paths:
            assert path.frames == sorted(path.frames)
            assert len(path.frames) == len(path.tokens) == len(path.log_probs)


def test_limits_spare_work_and_change_little():
    parts = networks(sharpness=2.0)
    torch.nn.init.constant_(parts["classifier_network"][0].w.bias[:1], 4.0)  # most frames are blank
    states = encoded(6, 12, seed=5)
    wide = TransducerBeamSearcher(**parts, blank_id=0, beam_size=4, state_beam=INFINITE, expand_beam=INFINITE)
    narrow = TransducerBeamSearcher(**parts, blank_id=0, beam_size=4, state_beam=4.0, expand_beam=4.0)
    calls = []
    for searcher in (wide, narrow):
        asked = []
        handle = searcher.steps.tjoint.register_forward_hook(lambda *_, asked=asked: asked.append(1))
        searcher(states)
        handle.remove()
        calls.append(len(asked))
    assert calls[1] < 0.75 * calls[0]
    assert sum(a == b for a, b in zip(wide(states)[0], narrow(states)[0], strict=True)) >= 5


def test_one_who_may_say_one_token_in_a_frame_says_no_more():
    searcher = TransducerBeamSearcher(**networks(), blank_id=0, beam_size=6, nbest=6, max_symbols_per_step=1)
    for paths in searcher.search(encoded(3, 7)):
        for path in paths:
            assert len(set(path.frames)) == len(path.frames)


@torch.no_grad()
def test_the_searcher_gives_what_the_search_finds():
    parts = networks()
    states = encoded(2, 7)
    searcher = TransducerBeamSearcher(**parts, blank_id=0, beam_size=3, length_normalization=False)
    steps = TransducerSteps(*parts.values())
    assert search_transducer(steps, states, [7, 7], 0, BeamLimits(3, 2.3, 2.3, 5)) == searcher.search(states)
