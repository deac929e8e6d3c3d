"""Search over transducers: greedy for all items of a batch together, and with a beam and a language model.

Graves, "Sequence transduction with recurrent neural networks", 2012. Greedy search
moves through the frames of each item at its own pace: Xu et al., "Label-looping: highly
efficient decoding for transducers", 2024.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.decoding.recurrent_states import replace_states, select_states
from sonovox.decoding.transducer_beam import BeamLimits, TransducerPath, search_transducer
from sonovox.decoding.transducer_steps import TransducerSteps
from sonovox.dsp.lengths import lengths_to_counts

__all__ = ["TransducerBeamSearcher", "TransducerGreedySearcherStreamingContext"]

# Frames of which the scores are asked for at once: most say nothing, and one that speaks makes those after it void.
_AHEAD = 4


@dataclass
class TransducerGreedySearcherStreamingContext:
    """Where a greedy search in pieces stands; made anew for each stream.

    Attributes:
        hidden: what the prediction network has said last, and its states; None before the first piece.
    """

    hidden: Any | None = None


class TransducerBeamSearcher(nn.Module):
    """The tokens of a transducer: greedy with a beam of one, otherwise with a beam.

    Args:
        decode_network_lst: layers of the prediction network, the first an embedding. Recurrent ones (of `sonovox.nn`,
            or of torch with `batch_first`) are given their states.
        tjoint: joins what it and the encoder say, a `Transducer_joint`.
        classifier_network: layers that give scores of the tokens.
        blank_id: index of the blank, which is also the token before the first.
        beam_size: hypotheses that go from a frame to the next.
        nbest: hypotheses that `search` gives, where there are so many.
        lm_module: a language model of the tokens, as an `RNNLM` with `return_hidden=True`; None for none.
        lm_weight: of its log-probabilities.
        state_beam: a hypothesis says no more in a frame when one that has heard it is better by this.
        expand_beam: a hypothesis goes on with tokens whose log-probability is within this of its best one.
        length_normalization: compare the last hypotheses by their log-probability for each token, the one before the
            first counted, as SpeechBrain does.
        max_symbols_per_step: tokens in one frame.

    Alignments of the same tokens are added up, where SpeechBrain's searcher keeps each as a hypothesis of its own: our
    best one is at least as probable, summed over all of them, but for what a beam may miss.

    Raises:
        ArgumentError: a beam that cannot be, a weight of no language model.

    >>> from sonovox.nn import GRU, Embedding, Linear, Transducer_joint
    >>> _ = torch.manual_seed(0)
    >>> networks = {
    ...     "decode_network_lst": [Embedding(5, embedding_dim=3), GRU(4, input_size=3)],
    ...     "tjoint": Transducer_joint(),
    ...     "classifier_network": [Linear(5, input_size=4)],
    ... }
    >>> searcher = TransducerBeamSearcher(**networks, blank_id=0, beam_size=4)
    >>> hyps, lengths, scores, log_probs = searcher(torch.randn(2, 6, 4), torch.tensor([1.0, 0.5]))
    >>> len(hyps), scores.shape
    (2, torch.Size([2]))
    """

    def __init__(
        self,
        decode_network_lst: Sequence[nn.Module],
        tjoint: nn.Module,
        classifier_network: Sequence[nn.Module],
        blank_id: int,
        beam_size: int = 4,
        nbest: int = 5,
        lm_module: nn.Module | None = None,
        lm_weight: float = 0.0,
        state_beam: float = 2.3,
        expand_beam: float = 2.3,
        *,
        length_normalization: bool = True,
        max_symbols_per_step: int = 5,
    ) -> None:
        super().__init__()
        for name, value in (("beam_size", beam_size), ("nbest", nbest), ("max_symbols_per_step", max_symbols_per_step)):
            check_positive(name, value)
        if lm_module is None and lm_weight > 0:
            raise ArgumentError(f"lm_weight={lm_weight} needs a language model", hint="give lm_module, or 0.0")
        self.steps = TransducerSteps(decode_network_lst, tjoint, classifier_network)
        self.blank_id = blank_id
        self.beam_size = beam_size
        self.nbest = nbest
        self.lm = lm_module
        self.lm_weight = lm_weight
        self.state_beam = state_beam
        self.expand_beam = expand_beam
        self.length_normalization = length_normalization
        self.max_symbols_per_step = max_symbols_per_step

    def forward(self, tn_output: Tensor, wav_len: Tensor | None = None) -> tuple[Any, Tensor, Tensor, Tensor]:
        """The best hypothesis of each item.

        Args:
            tn_output: the encoder's states, `(batch, time, features)`.
            wav_len: shares of the longest item, `(batch,)`; all frames count if None.

        Returns:
            Lists of tokens; their shares of the longest one, `(batch,)`; scores, `(batch,)`; log-probabilities of the
            tokens where they were said, 0 beyond, `(batch, tokens)`.

        Raises:
            ArgumentError: shapes that do not belong together.
        """
        if self.beam_size == 1:
            return self.transducer_greedy_decode(tn_output, wav_len=wav_len)
        return self.transducer_beam_search_decode(tn_output, wav_len)

    def search(self, tn_output: Tensor, wav_len: Tensor | None = None) -> list[list[TransducerPath]]:
        """Of each item the `nbest` best hypotheses, with the frames of their tokens; see `forward`."""
        if self.beam_size == 1:
            return [[path] for path in self._greedy(tn_output, wav_len, None, self.max_symbols_per_step)[0]]
        return self._beam(tn_output, wav_len)

    def transducer_beam_search_decode(
        self, tn_output: Tensor, wav_len: Tensor | None = None
    ) -> tuple[Any, Tensor, Tensor, Tensor]:
        """`forward` with a beam, also of one."""
        return self._result([paths[0] for paths in self._beam(tn_output, wav_len)], tn_output)

    def transducer_greedy_decode(
        self,
        tn_output: Tensor,
        hidden_state: Any = None,
        return_hidden: bool = False,
        max_symbols_per_step: int | None = None,
        *,
        wav_len: Tensor | None = None,
    ) -> Any:
        """`forward` with the most probable token at each step.

        Args:
            tn_output: see `forward`, as is `wav_len`.
            hidden_state: go on after what has been heard before, as `return_hidden` gives it.
            return_hidden: give, as the fifth, what the prediction network has said last, and its states.
            max_symbols_per_step: tokens in one frame; None for the searcher's own. SpeechBrain lets one more.
            wav_len: see `tn_output`.
        """
        most = self.max_symbols_per_step if max_symbols_per_step is None else max_symbols_per_step
        paths, hidden = self._greedy(tn_output, wav_len, hidden_state, most)
        found = self._result(paths, tn_output)
        return (*found, hidden) if return_hidden else found

    def transducer_greedy_decode_streaming(
        self, x: Tensor, context: TransducerGreedySearcherStreamingContext
    ) -> list[list[int]]:
        """The tokens of one more piece of each stream, `(batch, time, features)`; `context` goes on to the next."""
        hyps, _, _, _, context.hidden = self.transducer_greedy_decode(x, context.hidden, return_hidden=True)
        return hyps

    @torch.no_grad()
    def _beam(self, tn_output: Tensor, wav_len: Tensor | None) -> list[list[TransducerPath]]:
        counts = _counts(tn_output, wav_len).tolist()
        limits = BeamLimits(self.beam_size, self.state_beam, self.expand_beam, self.max_symbols_per_step)
        lm_step = self._lm_step if self.lm_weight > 0 else None
        found = search_transducer(self.steps, tn_output, counts, self.blank_id, limits, lm_step)
        for paths in found:
            for path in paths:
                path.score = self._normalised(path.score, len(path.tokens))
            paths.sort(key=lambda path: -path.score)
        return [paths[: self.nbest] for paths in found]

    def _lm_step(self, tokens: Tensor, states: Any) -> tuple[Tensor, Any]:
        scores, states = self.lm(tokens.unsqueeze(1), hx=states)  # type: ignore[misc]
        return self.lm_weight * scores[:, -1].log_softmax(dim=-1), states

    @torch.no_grad()
    def _greedy(
        self, tn_output: Tensor, wav_len: Tensor | None, hidden: Any, most: int
    ) -> tuple[list[TransducerPath], Any]:
        counts = _counts(tn_output, wav_len)
        batch, device = len(counts), tn_output.device
        if hidden is None:
            hidden = self.steps.predict(torch.full((batch,), self.blank_id, device=device), None)
        predicted, states = hidden
        frames, said = torch.zeros_like(counts), torch.zeros_like(counts)
        scores = torch.zeros(batch, dtype=torch.double, device=device)
        events: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        ahead = torch.arange(_AHEAD, device=device)
        while (rows := (frames < counts).nonzero().squeeze(1)).numel():
            window = frames[rows, None] + ahead
            encoded = tn_output[rows[:, None], window.clamp(max=tn_output.shape[1] - 1)]
            log_probs, tokens = self.steps.scores(encoded, predicted[rows]).log_softmax(dim=-1).max(dim=-1)
            heard = window < counts[rows, None]
            speaks = (tokens != self.blank_id) & heard
            emits, first = speaks.max(dim=1)  # the first that speaks, where one does
            place = first.masked_fill(~emits, _AHEAD)
            scores[rows] += log_probs.masked_fill((ahead > place[:, None]) | ~heard, 0.0).sum(dim=1).double()
            moved = frames[rows] + place
            in_frame = said[rows].masked_fill(place > 0, 0) + emits
            full = in_frame >= most
            frames[rows], said[rows] = moved + full, in_frame.masked_fill(full, 0)
            speakers = emits.nonzero().squeeze(1)
            if speakers.numel():
                chosen = first[speakers, None]
                token = tokens[speakers].gather(1, chosen).squeeze(1)
                row = rows[speakers]
                events.append((row, token, log_probs[speakers].gather(1, chosen).squeeze(1), moved[speakers]))
                fresh, fresh_states = self.steps.predict(token, select_states(states, row))
                predicted = predicted.index_copy(0, row, fresh)
                states = replace_states(states, row, fresh_states)
        paths = [TransducerPath([], [], [], score) for score in scores.tolist()]
        for row, token, log_prob, frame in zip(*map(_joined, zip(*events, strict=True)), strict=True) if events else ():
            paths[row].tokens.append(token)
            paths[row].log_probs.append(log_prob)
            paths[row].frames.append(frame)
        for path in paths:
            path.score = self._normalised(path.score, len(path.tokens))
        return paths, (predicted, states)

    def _normalised(self, score: float, tokens: int) -> float:
        return score / (tokens + 1) if self.length_normalization else score

    def _result(self, paths: list[TransducerPath], like: Tensor) -> tuple[Any, Tensor, Tensor, Tensor]:
        counts = [len(path.tokens) for path in paths]
        longest = max(counts, default=0)
        log_probs = like.new_zeros(len(paths), longest)
        for row, path in zip(log_probs, paths, strict=True):
            row[: len(path.tokens)] = row.new_tensor(path.log_probs)
        lengths = like.new_tensor(counts) / max(longest, 1)
        return [path.tokens for path in paths], lengths, like.new_tensor([path.score for path in paths]), log_probs


def _joined(parts: tuple[Tensor, ...]) -> list[Any]:
    return torch.cat(parts).tolist()


def _counts(tn_output: Tensor, wav_len: Tensor | None) -> Tensor:
    if tn_output.dim() != 3:
        raise ArgumentError(
            f"tn_output must be (batch, time, features), got {tuple(tn_output.shape)}",
            hint="x.unsqueeze(0) makes a batch of one",
        )
    batch, time, _ = tn_output.shape
    if wav_len is None:
        return torch.full((batch,), time, device=tn_output.device)
    if wav_len.shape != (batch,):
        raise ArgumentError(f"wav_len must be ({batch},), got {tuple(wav_len.shape)}", hint="one for each item")
    return lengths_to_counts(wav_len.to(tn_output.device), time)
