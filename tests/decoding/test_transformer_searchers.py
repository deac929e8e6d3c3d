import pytest
import torch

from decoding.reference_searchers import lists, transformer_case
from sonovox.decoding import (
    CTCScorer,
    S2STransformerBeamSearcher,
    S2STransformerGreedySearcher,
    ScorerBuilder,
    TransformerLMScorer,
)

# What the reference folders allow: 1e-4 of the largest value.
CLOSE = {"rtol": 0, "atol": 1e-4}
SETTINGS = {"bos_index": 1, "eos_index": 2, "min_decode_ratio": 0.0, "max_decode_ratio": 1.0}


@pytest.fixture(scope="module", params=["asr-transformer-lm", "asr-conformer"])
def case(request, speechbrain_reference):
    return transformer_case(speechbrain_reference / request.param)


def beam_searcher(case, *, scorer=True, modules=None, **settings):
    """As in the folders' YAML: CTC as a full scorer of the one, as a partial one of the other."""
    language, ctc = TransformerLMScorer(case.lm, 1.15), CTCScorer(case.ctc, blank_index=0, eos_index=2)
    weights = {"ctc": 0.4, "transformerlm": 0.6}
    if case.conformer:
        builder = ScorerBuilder(weights, [language], [ctc], scorer_beam_scale=1.5)
    else:
        builder = ScorerBuilder(weights, [language, ctc])
    return S2STransformerBeamSearcher(
        modules or case.modules, temperature=1.15, **SETTINGS, beam_size=7 if case.conformer else 8,
        using_eos_threshold=False, scorer=builder if scorer else None, **settings,
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
    hyps, _, scores, _ = S2STransformerGreedySearcher(case.modules, **SETTINGS)(case.encoder_out, case.wav_lens)
    assert hyps == lists(case.greedy_tokens)
    torch.testing.assert_close(scores, case.greedy_scores, **CLOSE)


def test_a_model_without_steps_is_searched_over_all_tokens_again(case):
    class Whole(torch.nn.Module):
        def decode(self, tokens, states, counts):
            return case.modules[0].decode(tokens, states, counts)

    whole = beam_searcher(case, modules=[Whole(), case.modules[1]], return_topk=True, topk=4)
    tokens, _, scores, _ = whole(case.encoder_out, case.wav_lens)
    assert torch.equal(tokens, case.topk_tokens)
    torch.testing.assert_close(scores, case.topk_scores, **CLOSE)
