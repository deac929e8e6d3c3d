"""Search over scores: from what a model says at each step to tokens."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.decoding.beam_search import BeamSearchState, S2SBeamSearcher
    from sonovox.decoding.coverage_scorer import CoverageScorer, LengthScorer
    from sonovox.decoding.ctc_beam import CTCBeamSearcher, CTCHypothesis, CTCPrefixBeamSearcher
    from sonovox.decoding.ctc_greedy import ctc_greedy_decode, filter_ctc_output
    from sonovox.decoding.ctc_greedy_streaming import CTCGreedyStreamingContext, ctc_greedy_decode_streaming
    from sonovox.decoding.ctc_scorer import CTCScorer
    from sonovox.decoding.hotword_scorer import HotwordScorer
    from sonovox.decoding.kenlm_model import KenLMModel, read_language_model
    from sonovox.decoding.language_model_scorers import RNNLMScorer, TransformerLMScorer
    from sonovox.decoding.language_models import NGramLanguageModel
    from sonovox.decoding.ngram_scorer import KenLMScorer
    from sonovox.decoding.rescorers import (
        BaseRescorerInterface,
        RescorerBuilder,
        RNNLMRescorer,
        TransformerLMRescorer,
    )
    from sonovox.decoding.rnn_searchers import S2SRNNBeamSearcher, S2SRNNGreedySearcher
    from sonovox.decoding.scorer_builder import BaseScorerInterface, ScorerBuilder
    from sonovox.decoding.seq2seq import S2SBaseSearcher, S2SGreedySearcher
    from sonovox.decoding.transducer import TransducerBeamSearcher, TransducerGreedySearcherStreamingContext
    from sonovox.decoding.transformer_searchers import S2STransformerBeamSearcher, S2STransformerGreedySearcher
    from sonovox.decoding.two_values import (
        S2SRNNBeamSearch,
        S2SRNNGreedySearch,
        S2STransformerBeamSearch,
        S2STransformerGreedySearch,
        S2SWhisperBeamSearch,
        S2SWhisperGreedySearch,
    )
    from sonovox.decoding.whisper_searchers import S2SWhisperBeamSearcher, S2SWhisperGreedySearcher

_HOMES = {
    "BaseRescorerInterface": "rescorers",
    "BaseScorerInterface": "scorer_builder",
    "BeamSearchState": "beam_search",
    "CTCBeamSearcher": "ctc_beam",
    "CTCGreedyStreamingContext": "ctc_greedy_streaming",
    "CTCHypothesis": "ctc_beam",
    "CTCPrefixBeamSearcher": "ctc_beam",
    "CTCScorer": "ctc_scorer",
    "CoverageScorer": "coverage_scorer",
    "HotwordScorer": "hotword_scorer",
    "KenLMModel": "kenlm_model",
    "KenLMScorer": "ngram_scorer",
    "LengthScorer": "coverage_scorer",
    "NGramLanguageModel": "language_models",
    "RNNLMRescorer": "rescorers",
    "RNNLMScorer": "language_model_scorers",
    "RescorerBuilder": "rescorers",
    "S2SBaseSearcher": "seq2seq",
    "S2SBeamSearcher": "beam_search",
    "S2SGreedySearcher": "seq2seq",
    "S2SRNNBeamSearch": "two_values",
    "S2SRNNBeamSearcher": "rnn_searchers",
    "S2SRNNGreedySearch": "two_values",
    "S2SRNNGreedySearcher": "rnn_searchers",
    "S2STransformerBeamSearch": "two_values",
    "S2STransformerBeamSearcher": "transformer_searchers",
    "S2STransformerGreedySearch": "two_values",
    "S2STransformerGreedySearcher": "transformer_searchers",
    "S2SWhisperBeamSearch": "two_values",
    "S2SWhisperBeamSearcher": "whisper_searchers",
    "S2SWhisperGreedySearch": "two_values",
    "S2SWhisperGreedySearcher": "whisper_searchers",
    "ScorerBuilder": "scorer_builder",
    "TransducerBeamSearcher": "transducer",
    "TransducerGreedySearcherStreamingContext": "transducer",
    "TransformerLMRescorer": "rescorers",
    "TransformerLMScorer": "language_model_scorers",
    "ctc_greedy_decode": "ctc_greedy",
    "ctc_greedy_decode_streaming": "ctc_greedy_streaming",
    "filter_ctc_output": "ctc_greedy",
    "read_language_model": "kenlm_model",
}

__all__ = [
    "BaseRescorerInterface",
    "BaseScorerInterface",
    "BeamSearchState",
    "CTCBeamSearcher",
    "CTCGreedyStreamingContext",
    "CTCHypothesis",
    "CTCPrefixBeamSearcher",
    "CTCScorer",
    "CoverageScorer",
    "HotwordScorer",
    "KenLMModel",
    "KenLMScorer",
    "LengthScorer",
    "NGramLanguageModel",
    "RNNLMRescorer",
    "RNNLMScorer",
    "RescorerBuilder",
    "S2SBaseSearcher",
    "S2SBeamSearcher",
    "S2SGreedySearcher",
    "S2SRNNBeamSearch",
    "S2SRNNBeamSearcher",
    "S2SRNNGreedySearch",
    "S2SRNNGreedySearcher",
    "S2STransformerBeamSearch",
    "S2STransformerBeamSearcher",
    "S2STransformerGreedySearch",
    "S2STransformerGreedySearcher",
    "S2SWhisperBeamSearch",
    "S2SWhisperBeamSearcher",
    "S2SWhisperGreedySearch",
    "S2SWhisperGreedySearcher",
    "ScorerBuilder",
    "TransducerBeamSearcher",
    "TransducerGreedySearcherStreamingContext",
    "TransformerLMRescorer",
    "TransformerLMScorer",
    "ctc_greedy_decode",
    "ctc_greedy_decode_streaming",
    "filter_ctc_output",
    "read_language_model",
]

__getattr__ = lazy_names(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})
