import pytest
import torch

from decoding.reference_searchers import lists, rnn_case
from sonovox.decoding import CoverageScorer, RNNLMScorer, S2SRNNBeamSearcher, S2SRNNGreedySearcher, ScorerBuilder
from sonovox.nn import AttentionalRNNDecoder, Embedding, Linear

# What the reference folder allows: 1e-4 of the largest value.
CLOSE = {"rtol": 0, "atol": 1e-4}


@pytest.fixture(scope="module")
def case(speechbrain_reference):
    return rnn_case(speechbrain_reference / "asr-crdnn-rnnlm")


def beam_searcher(case, *, scorer=True, **settings):
    builder = ScorerBuilder({"rnnlm": 0.5, "coverage": 1.5}, [RNNLMScorer(case.lm, 1.25), CoverageScorer(60)])
    return S2SRNNBeamSearcher(
        *case.modules, temperature=1.25, bos_index=0, eos_index=0, min_decode_ratio=0.0, max_decode_ratio=1.0,
        beam_size=8, using_max_attn_shift=True, max_attn_shift=240, scorer=builder if scorer else None, **settings,
    )  # fmt: skip


def test_beam_search_with_scorers_is_that_of_speechbrain(case):
    hyps, lengths, scores, log_probs = beam_searcher(case)(case.encoder_out, case.wav_lens)
    assert hyps == lists(case.beam_tokens)
    torch.testing.assert_close(lengths, case.beam_lengths, **CLOSE)
    torch.testing.assert_close(scores, case.beam_scores, **CLOSE)
    torch.testing.assert_close(log_probs, case.beam_token_logprobs, **CLOSE)


def test_the_best_four_are_those_of_speechbrain(case):
    searcher = beam_searcher(case, return_topk=True, topk=4)
    tokens, lengths, scores, _ = searcher(case.encoder_out, case.wav_lens)
    assert torch.equal(tokens, case.topk_tokens)
    torch.testing.assert_close(lengths, case.topk_lengths, **CLOSE)
    torch.testing.assert_close(scores, case.topk_scores, **CLOSE)


def test_beam_search_without_scorers_is_that_of_speechbrain(case):
    hyps, *_ = beam_searcher(case, scorer=False)(case.encoder_out, case.wav_lens)
    assert hyps == lists(case.beam_tokens_noscorer)


def test_greedy_search_is_that_of_speechbrain(case):
    searcher = S2SRNNGreedySearcher(*case.modules, bos_index=0, eos_index=0, min_decode_ratio=0, max_decode_ratio=1)
    hyps, _, scores, _ = searcher(case.encoder_out, case.wav_lens)
    assert hyps == lists(case.greedy_tokens)
    torch.testing.assert_close(scores, case.greedy_scores, **CLOSE)


@pytest.mark.parametrize("attention", ["content", "location", "keyvalue"])
@pytest.mark.parametrize("rnn", ["rnn", "lstm"])
def test_items_of_a_batch_are_searched_as_they_are_alone(rnn, attention):
    torch.manual_seed(3)
    decoder = AttentionalRNNDecoder(
        rnn, attention, 12, 9, num_layers=2, enc_dim=8, input_size=6, channels=3, kernel_size=4
    ).eval()
    modules = [Embedding(10, embedding_dim=6), decoder, Linear(10, input_size=12)]
    settings = {"bos_index": 0, "eos_index": 0, "min_decode_ratio": 0.0, "max_decode_ratio": 2.0}
    states, lengths = 4 * torch.randn(5, 20, 8), torch.tensor([1.0, 0.5, 0.8, 0.3, 1.0])
    for searcher in (
        S2SRNNGreedySearcher(*modules, **settings),
        S2SRNNBeamSearcher(*modules, **settings, beam_size=3, using_eos_threshold=False),
    ):
        together = searcher(states, lengths)[0]
        assert together == [searcher(states[[i]], lengths[[i]])[0][0] for i in range(5)]


def test_the_decoder_is_left_as_it_was(case):
    attention = case.modules[1].attn
    case.modules[1](torch.zeros(2, 3, 16), case.encoder_out, case.wav_lens)
    beam_searcher(case)(case.encoder_out, case.wav_lens)
    assert attention.memory is None
    assert attention.prev_attn is None
