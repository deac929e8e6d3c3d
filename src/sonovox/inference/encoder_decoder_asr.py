"""Speech to text by an encoder and a search over what a decoder of tokens says to it."""

from typing import Any, ClassVar

from torch import Tensor, nn

from sonovox.decoding.ctc_scorer import CTCScorer
from sonovox.inference.piecewise_asr import PiecewiseASR

__all__ = ["EncoderDecoderASR"]


class EncoderDecoderASR(PiecewiseASR):
    """A recogniser with an `encoder` and a `decoder`, which is a search such as `S2STransformerBeamSearcher`.

    The YAML file has `modules: {encoder: …, decoder: …}` and a `tokenizer`, of
    SentencePiece or of labels. The encoder is called with waveforms `(batch, time)` and
    relative lengths, the decoder with what it gives and these lengths; language models
    and other scorers belong to the search. Two keys of older files are heeded:
    `transformer_beam_search` (the encoder's result goes through `modules: transformer`)
    and `transducer_beam_search` (the search is called without lengths).

    A recording of up to 40 s is heard as a whole. A longer one is cut in pauses into
    pieces of 8 to 20 s, as long as the utterances that decoders are trained on, and
    memory does not grow with its length. A decoder does not tell when it heard what it
    says: a segment is a piece, unless a `CTCScorer` is in the search, by which words
    have times.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("tokenizer",)
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    PIECES: ClassVar[dict[str, float]] = {"shortest": 8.0, "longest": 20.0, "whole": 40.0}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for scorer in _scorers(self.mods["decoder"]):  # no modules, but they hold some
            for value in vars(scorer).values():
                if isinstance(value, nn.Module):
                    self._follow(value)

    @property
    def has_times(self) -> bool:
        """Whether words have times: with a `CTCScorer` in the search."""
        return self._ctc_scorer is not None

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> tuple[list[str], list[list[int]]]:
        """As `transcribe_batch`."""
        return self.transcribe_batch(wavs, wav_lens)

    def encode(self, wavs: Tensor, wav_lens: Tensor) -> Tensor:
        """The encoder's states, `(batch, frames, features)`, of a batch that was checked."""
        states = self.mods["encoder"](wavs, wav_lens)
        if getattr(self.hparams, "transformer_beam_search", False):
            transformer: Any = self.mods["transformer"]
            states = transformer.encode(states, wav_lens)
        return states

    def search(self, encoded: Tensor, wav_lens: Tensor) -> list[list[int]]:
        """The best hypothesis of each item; with `return_topk` of the search, the first of them."""
        decoder, lengths = self.mods["decoder"], None
        if getattr(self.hparams, "transducer_beam_search", False):
            hyps = decoder(encoded)[0]
        else:
            hyps, lengths, *_ = decoder(encoded, wav_lens)
        if isinstance(hyps, Tensor) and lengths is not None:  # (batch, topk, steps), padded
            counts = (lengths[:, 0] * hyps.shape[2]).round().long().tolist()
            return [row[:count] for row, count in zip(hyps[:, 0].tolist(), counts, strict=True)]
        return hyps

    def ctc_of(self, encoded: Tensor) -> tuple[Tensor, int] | None:
        """The scores of the search's `CTCScorer`, if it has one, and its blank."""
        scorer = self._ctc_scorer
        return None if scorer is None else (scorer.ctc_fc(encoded).log_softmax(dim=-1), scorer.blank_index)

    @property
    def _ctc_scorer(self) -> CTCScorer | None:
        return next((scorer for scorer in _scorers(self.mods["decoder"]) if isinstance(scorer, CTCScorer)), None)


def _scorers(decoder: Any) -> list[Any]:
    return list(getattr(getattr(decoder, "scorer", None), "scorers", {}).values())
