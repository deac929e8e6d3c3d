"""Beam search for CTC with a language model, a lexicon and hot words, as text with times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.decoding.ctc_prefix_beam import PrefixPaths, search_prefixes
from sonovox.decoding.ctc_words import Spelling, WordScores
from sonovox.decoding.kenlm_model import read_language_model
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["CTCBeamSearcher", "CTCHypothesis", "CTCPrefixBeamSearcher"]


@dataclass
class CTCHypothesis:
    """A text that an utterance may spell.

    Attributes:
        text: of it.
        last_lm_state: where the words stand, for one who goes on; None without words.
        score: log-probability that CTC gives.
        lm_score: this and what the words say.
        text_frames: each word, with its first frame and the frame after its last.
        tokens: of the text.
        token_frames: at which these were most probably said first.
    """

    text: str
    last_lm_state: Spelling | None
    score: float
    lm_score: float
    text_frames: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    token_frames: list[int] = field(default_factory=list)


class CTCBeamSearcher(nn.Module):
    """The texts that are most probable, each summed over its alignments.

    Args:
        blank_index: the blank.
        vocab_list: text of each token.
        space_token: of these, the one between words.
        kenlm_model_path: language model of words: an ARPA file, or, with KenLM installed, one of its binary files.
        unigrams: words that are known; all are if None.
        alpha: weight of the language model's log-probabilities.
        beta: for each word, where there is a language model.
        unk_score_offset: for each word that is not among `unigrams`.
        score_boundary: whether the language model is asked for the end.
        beam_size: hypotheses that are kept at each frame.
        beam_prune_logp: drop those further than this below the best.
        token_prune_min_logp: tokens below this log-probability are not considered, but for the best of a frame.
        prune_history: takes no effect; hypotheses are never joined that the language model may tell apart.
        blank_skip_threshold: skip frames where the blank is more probable than this.
        topk: texts that are given.
        spm_token: what a piece of SentencePiece that begins a word begins with.
        lexicon: words that there may be; all may if None.
        hotwords: words that are expected, each worth `hotword_weight`, or what a mapping gives.
        hotword_weight: see `hotwords`.

    Raises:
        ArgumentError: a blank that is no token, a beam that cannot be.
        DecodingError: a language model that cannot be read.

    >>> searcher = CTCBeamSearcher(blank_index=0, vocab_list=["", "a", "b", " "])
    >>> frames = torch.tensor([[[0.1, 0.6, 0.2, 0.1], [0.4, 0.1, 0.4, 0.1], [0.1, 0.1, 0.7, 0.1]]]).log()
    >>> best = searcher(frames)[0][0]
    >>> best.text, best.text_frames, round(best.score, 4)
    ('ab', [('ab', (0, 3))], -0.894)
    """

    def __init__(
        self,
        blank_index: int,
        vocab_list: list[str],
        space_token: str = " ",  # noqa: S107  # no password
        kenlm_model_path: str | Path | None = None,
        unigrams: Iterable[str] | None = None,
        alpha: float = 0.5,
        beta: float = 1.5,
        unk_score_offset: float = -10.0,
        score_boundary: bool = True,
        beam_size: int = 100,
        beam_prune_logp: float = -10.0,
        token_prune_min_logp: float = -5.0,
        prune_history: bool = True,
        blank_skip_threshold: float = 1.0,
        topk: int = 1,
        spm_token: str = "▁",  # noqa: S107  # no password
        *,
        lexicon: Iterable[str] | None = None,
        hotwords: Iterable[str] | Mapping[str, float] | None = None,
        hotword_weight: float = 10.0,
    ) -> None:
        super().__init__()
        if not -len(vocab_list) <= blank_index < len(vocab_list):
            raise ArgumentError(
                f"blank_index must be one of {len(vocab_list)} tokens, got {blank_index}", hint="-1 is the last one"
            )
        check_positive("beam_size", beam_size)
        check_positive("topk", topk)
        self.blank_index = blank_index % len(vocab_list)
        self.vocab_list = list(vocab_list)
        self.beam_size = beam_size
        self.beam_prune_logp = beam_prune_logp
        self.token_prune_min_logp = token_prune_min_logp
        self.blank_skip_threshold = blank_skip_threshold
        self.topk = topk
        self.texts = [" " if token == space_token else token.replace(spm_token, " ") for token in self.vocab_list]
        self.texts[self.blank_index] = ""
        model = None if kenlm_model_path is None else read_language_model(kenlm_model_path)
        self.words: WordScores | None = None
        if model is not None or unigrams is not None or lexicon is not None or hotwords is not None:
            if hotwords is not None and not isinstance(hotwords, Mapping):
                hotwords = dict.fromkeys(hotwords, hotword_weight)
            self.words = WordScores(
                self.texts,
                model,
                alpha,
                beta if model is not None else 0.0,
                unk_score_offset,
                score_boundary,
                None if unigrams is None else frozenset(unigrams),
                None if lexicon is None else frozenset(lexicon),
                hotwords,
            )

    @torch.no_grad()
    def forward(self, log_probs: Tensor, wav_lens: Tensor | None = None) -> list[list[CTCHypothesis]]:
        """The `topk` best texts of each item.

        Args:
            log_probs: `(batch, frames, tokens)`.
            wav_lens: shares of the longest item, `(batch,)`; all frames count if None.

        Raises:
            ArgumentError: shapes that do not belong together.
        """
        if log_probs.dim() != 3 or log_probs.shape[2] != len(self.vocab_list):
            raise ArgumentError(
                f"log_probs must be (batch, frames, {len(self.vocab_list)}), got {tuple(log_probs.shape)}",
                hint="vocab_list has one text for each token, the blank included",
            )
        batch, time, _ = log_probs.shape
        shares = log_probs.new_ones(batch) if wav_lens is None else wav_lens.to(log_probs.device)
        if shares.shape != (batch,):
            raise ArgumentError(f"wav_lens must be ({batch},), got {tuple(shares.shape)}", hint="one for each item")
        counts = lengths_to_counts(shares, time)
        heard = torch.arange(time, device=log_probs.device) < counts.unsqueeze(1)
        if self.blank_skip_threshold < 1:
            heard &= log_probs[:, :, self.blank_index].exp() <= self.blank_skip_threshold
        # The frames that are heard to the front; where they were is needed for times.
        frames = (~heard).long().argsort(dim=1, stable=True)
        kept = log_probs.gather(1, frames.unsqueeze(2).expand_as(log_probs))
        found = search_prefixes(
            kept,
            heard.sum(dim=1).tolist(),
            self.blank_index,
            beam_size=self.beam_size,
            beam_prune_logp=self.beam_prune_logp,
            token_prune_min_logp=self.token_prune_min_logp,
            topk=self.topk,
            words=self.words,
        )
        return [self._hypotheses(paths, row) for paths, row in zip(found, frames.tolist(), strict=True)]

    def _hypotheses(self, paths: PrefixPaths, frames: list[int]) -> list[CTCHypothesis]:
        hypotheses = []
        for tokens, steps, score, combined, state in zip(
            paths.tokens, paths.frames, paths.scores, paths.combined, paths.states, strict=True
        ):
            said = [frames[step] for step in steps]
            timed = self._words(tokens, said)
            text = " ".join(word for word, _ in timed)
            hypotheses.append(CTCHypothesis(text, state, score, combined, timed, tokens, said))
        return hypotheses

    def _words(self, tokens: list[int], frames: list[int]) -> list[tuple[str, tuple[int, int]]]:
        """The words with their first frames and the frames after their last tokens."""
        words: list[tuple[str, tuple[int, int]]] = []
        is_new = True
        for token, frame in zip(tokens, frames, strict=True):
            text = self.texts[token]
            is_new = is_new or text.startswith(" ")
            if not text.strip():
                continue
            if is_new:
                words.append((text.strip(), (frame, frame + 1)))
            else:
                word, (first, _) = words[-1]
                words[-1] = (word + text, (first, frame + 1))
            is_new = False
        return words


class CTCPrefixBeamSearcher(CTCBeamSearcher):
    """`CTCBeamSearcher` under the other name that SpeechBrain has.

    There, the two differ in how alignments are counted; here, both sum over all of them.
    """
