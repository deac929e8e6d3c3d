"""Searchers under the names of older recipes, which unpack `hyps, scores = searcher(encoded, lengths)`."""

from typing import Any

from torch import Tensor

from sonovox.decoding.rnn_searchers import S2SRNNBeamSearcher, S2SRNNGreedySearcher
from sonovox.decoding.transformer_searchers import S2STransformerBeamSearcher, S2STransformerGreedySearcher
from sonovox.decoding.whisper_searchers import S2SWhisperBeamSearcher, S2SWhisperGreedySearcher

__all__ = [
    "S2SRNNBeamSearch",
    "S2SRNNGreedySearch",
    "S2STransformerBeamSearch",
    "S2STransformerGreedySearch",
    "S2SWhisperBeamSearch",
    "S2SWhisperGreedySearch",
]


class S2SRNNBeamSearch(S2SRNNBeamSearcher):
    """`S2SRNNBeamSearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SBeamSearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]


class S2SRNNGreedySearch(S2SRNNGreedySearcher):
    """`S2SRNNGreedySearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SGreedySearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]


class S2STransformerBeamSearch(S2STransformerBeamSearcher):
    """`S2STransformerBeamSearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SBeamSearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]


class S2STransformerGreedySearch(S2STransformerGreedySearcher):
    """`S2STransformerGreedySearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SGreedySearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]


class S2SWhisperBeamSearch(S2SWhisperBeamSearcher):
    """`S2SWhisperBeamSearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SBeamSearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]


class S2SWhisperGreedySearch(S2SWhisperGreedySearcher):
    """`S2SWhisperGreedySearcher` that gives hypotheses and scores alone."""

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SGreedySearcher.forward`: the first and the third of what it gives."""
        return super().forward(enc_states, wav_len)[:3:2]
