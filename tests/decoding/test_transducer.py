import pytest
import torch

from decoding.small_transducers import encoded, networks
from sonovox._internal.errors import ArgumentError
from sonovox.decoding import TransducerBeamSearcher, TransducerGreedySearcherStreamingContext
from sonovox.models import RNNLM


@torch.no_grad()
def one_by_one(parts, states, most, blank=0):
    """Greedy search as the paper says it, a frame and a token at a time."""
    embedding, recurrent = parts["decode_network_lst"]
    predicted, hidden = recurrent(embedding(torch.tensor([[blank]])))
    tokens, frames, log_probs, score = [], [], [], 0.0
    for frame in range(len(states)):
        for _ in range(most):
            joined = parts["tjoint"](states[None, frame, None, None], predicted[:, None])
            log_prob, token = parts["classifier_network"][0](joined).flatten().log_softmax(0).max(0)
            score += float(log_prob)
            if token == blank:
                break
            tokens.append(int(token))
            frames.append(frame)
            log_probs.append(float(log_prob))
            predicted, hidden = recurrent(embedding(token.view(1, 1)), hidden)
    return tokens, frames, log_probs, score / (len(tokens) + 1)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("most", [1, 3])
def test_greedy_is_a_loop_over_items_frames_and_tokens(kind, most):
    parts = networks(kind=kind)
    states, lengths = encoded(4, 13), torch.tensor([13, 10, 7, 1]) / 13
    searcher = TransducerBeamSearcher(**parts, blank_id=0, beam_size=1, max_symbols_per_step=most)
    hyps, shares, scores, log_probs = searcher(states, lengths)
    paths = searcher.search(states, lengths)
    assert sum(map(len, hyps)) > 8
    longest = max(map(len, hyps))
    for row, count in enumerate([13, 10, 7, 1]):
        tokens, frames, said, score = one_by_one(parts, states[row, :count], most)
        assert hyps[row] == tokens == paths[row][0].tokens
        assert paths[row][0].frames == frames
        assert round(float(shares[row]) * longest) == len(tokens)
        # Float32 through other sizes of products.
        torch.testing.assert_close(scores[row], torch.tensor(score), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(log_probs[row, : len(tokens)], torch.tensor(said), rtol=1e-5, atol=1e-5)
        assert not log_probs[row, len(tokens) :].any()


def test_another_blank():
    parts = networks()
    searcher = TransducerBeamSearcher(**parts, blank_id=3, beam_size=1, max_symbols_per_step=2)
    states = encoded(1, 9)
    assert searcher(states)[0] == [one_by_one(parts, states[0], 2, blank=3)[0]]


def test_pieces_are_the_whole():
    searcher = TransducerBeamSearcher(**networks(kind="lstm"), blank_id=0, beam_size=1)
    states = encoded(3, 17)
    context = TransducerGreedySearcherStreamingContext()
    said = [[], [], []]
    for piece in states.split([5, 1, 8, 3], dim=1):
        for row, more in zip(said, searcher.transducer_greedy_decode_streaming(piece, context), strict=True):
            row += more
    assert said == searcher(states)[0]


@pytest.mark.parametrize("lm_weight", [0.0, 0.7])
def test_a_batch_is_a_loop_over_items(lm_weight):
    torch.manual_seed(1)
    lm = RNNLM(4, 5, dropout=0.0, rnn_neurons=8, dnn_neurons=6, return_hidden=True).eval()
    searcher = TransducerBeamSearcher(**networks(), blank_id=0, beam_size=3, lm_module=lm, lm_weight=lm_weight)
    states, counts = encoded(4, 11), [6, 11, 1, 9]
    together = searcher.search(states, torch.tensor(counts) / 11)
    for paths, row, count in zip(together, states, counts, strict=True):
        (alone,) = searcher.search(row[None, :count])
        assert [path.tokens for path in paths] == [path.tokens for path in alone]
        assert [path.frames for path in paths] == [path.frames for path in alone]
        torch.testing.assert_close([path.score for path in paths], [path.score for path in alone], rtol=1e-5, atol=1e-5)


def test_the_best_of_several_is_what_is_given():
    searcher = TransducerBeamSearcher(**networks(), blank_id=0, beam_size=5, nbest=3)
    states = encoded(2, 9)
    hyps, _, scores, log_probs = searcher(states)
    for row, paths in enumerate(searcher.search(states)):
        assert len(paths) == 3
        assert hyps[row] == paths[0].tokens
        assert len({tuple(path.tokens) for path in paths}) == 3
        assert float(scores[row]) == pytest.approx(paths[0].score)
        assert paths[0].score >= paths[1].score >= paths[2].score
        assert log_probs[row, : len(hyps[row])].tolist() == pytest.approx(paths[0].log_probs)


def test_no_frames_and_no_items():
    searcher = TransducerBeamSearcher(**networks(), blank_id=0, beam_size=2)
    for each in (searcher, TransducerBeamSearcher(**networks(), blank_id=0, beam_size=1)):
        assert each(torch.zeros(2, 0, 6))[0] == [[], []]
        assert each(torch.zeros(0, 5, 6))[0] == []


@pytest.mark.parametrize("settings", [{"beam_size": 0}, {"nbest": 0}, {"lm_weight": 0.5}, {"max_symbols_per_step": 0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        TransducerBeamSearcher(**networks(), blank_id=0, **settings)


def test_shapes_that_do_not_belong_together_are_refused():
    searcher = TransducerBeamSearcher(**networks(), blank_id=0)
    with pytest.raises(ArgumentError, match="makes a batch of one"):
        searcher(torch.zeros(5, 6))
    with pytest.raises(ArgumentError, match="wav_len must be"):
        searcher(torch.zeros(2, 5, 6), torch.ones(3))
