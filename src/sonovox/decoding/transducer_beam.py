"""Beam search over a transducer, for all items and hypotheses of a frame at once.

Graves, "Sequence transduction with recurrent neural networks", 2012, algorithm 1, frame
by frame: the ways in which the same tokens may be spread over the frames are added up.
The limits that spare work are of Jain et al., "RNN-T for latency controlled ASR with
improved beam search", 2019, sections 3.2 and 3.3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from sonovox.decoding.recurrent_states import join_states, select_states
from sonovox.decoding.transducer_steps import TransducerSteps

__all__ = ["BeamLimits", "TransducerPath", "search_transducer"]

_INF = float("inf")
# Knuth's multiplier of linear congruences; a token adds its own random number.
_MULTIPLIER = 6364136223846793005


@dataclass
class BeamLimits:
    """What a search may spare itself.

    Attributes:
        beam_size: hypotheses that go from a frame to the next.
        state_beam: a hypothesis says no more in a frame when one that has heard it is better by this.
        expand_beam: a hypothesis goes on with tokens whose log-probability is within this of its best one.
        max_symbols_per_step: tokens in one frame.
    """

    beam_size: int
    state_beam: float
    expand_beam: float
    max_symbols_per_step: int


@dataclass
class TransducerPath:
    """One hypothesis of an item.

    Attributes:
        tokens: of it.
        frames: in which these were most probably said.
        log_probs: of the tokens there.
        score: log-probability, summed over the alignments that the search has kept, with what a language model adds.
    """

    tokens: list[int]
    frames: list[int]
    log_probs: list[float]
    score: float


@dataclass
class _Beam:
    """Hypotheses, `(items, beam)`; states have the two axes as one."""

    hashes: Tensor
    scores: Tensor  # float64, -inf for one that is none
    nodes: Tensor  # index of the last token in `_Story`
    predicted: Tensor  # (items * beam, features)
    states: list[Any]
    lm_log_probs: Tensor | None  # (items * beam, tokens)
    lm_states: Any

    def rows(self, rows: Tensor, hashes: Tensor, scores: Tensor, nodes: Tensor) -> "_Beam":
        """The networks' part of `rows`, with other values for the rest."""
        lm = None if self.lm_log_probs is None else self.lm_log_probs[rows]
        states = select_states(self.states, rows)
        return _Beam(hashes, scores, nodes, self.predicted[rows], states, lm, select_states(self.lm_states, rows))

    def items(self, first: int, end: int) -> "_Beam":
        size = self.scores.shape[1]
        rows = torch.arange(first * size, end * size, device=self.scores.device)
        return self.rows(rows, *(x[first:end] for x in (self.hashes, self.scores, self.nodes)))


class _Story:
    """All tokens that any hypothesis has said, each with the one before it."""

    def __init__(self) -> None:
        self.parts: list[tuple[Tensor, Tensor, Tensor, int]] = []
        self.count = 1  # 0 is the beginning

    def add(self, parents: Tensor, tokens: Tensor, log_probs: Tensor, frame: int) -> Tensor:
        self.parts.append((parents.flatten(), tokens.flatten(), log_probs.flatten(), frame))
        nodes = torch.arange(self.count, self.count + parents.numel(), device=parents.device)
        self.count += parents.numel()
        return nodes.view(parents.shape)

    def reader(self) -> Callable[[int], TransducerPath]:
        parents, tokens, log_probs, frames = [0], [0], [0.0], [0]
        for part in self.parts:
            parents += part[0].tolist()
            tokens += part[1].tolist()
            log_probs += part[2].tolist()
            frames += [part[3]] * part[0].numel()

        def read(node: int) -> TransducerPath:
            nodes = []
            while node:
                nodes.append(node)
                node = parents[node]
            nodes.reverse()
            return TransducerPath(
                [tokens[i] for i in nodes], [frames[i] for i in nodes], [log_probs[i] for i in nodes], 0.0
            )

        return read


def search_transducer(
    steps: TransducerSteps,
    encoded: Tensor,
    counts: Sequence[int],
    blank: int,
    limits: BeamLimits,
    lm_step: Callable[[Tensor, Any], tuple[Tensor, Any]] | None = None,
) -> list[list[TransducerPath]]:
    """The hypotheses of each item that are in its last beam, the most probable first.

    Args:
        steps: the networks.
        encoded: the encoder's states, `(items, frames, features)`.
        counts: frames of each item.
        blank: index of the blank.
        limits: of the search.
        lm_step: weighted log-probabilities `(rows, tokens)` that a language model adds after one more token, and its
            states; None for none.
    """
    order = sorted(range(len(counts)), key=lambda item: -counts[item])  # the longest first: others leave at the end
    encoded = encoded[order]
    search = _Search(steps, blank, limits, lm_step)
    beam = search.start(encoded)
    ended: list[_Beam] = []
    for frame in range(max(counts, default=0)):
        size, heard = len(beam.scores), sum(count > frame for count in counts)
        if heard < size:
            ended.insert(0, beam.items(heard, size))
            beam = beam.items(0, heard)
        beam = search.hear(beam, encoded[:heard, frame], frame)
    ended.insert(0, beam)
    read = search.story.reader()
    found = [
        [replace(read(node), score=score) for node, score in sorted(zip(nodes, scores, strict=True), key=_worse_last)
         if score > -_INF]
        for part in ended
        for nodes, scores in zip(part.nodes.tolist(), part.scores.tolist(), strict=True)
    ]  # fmt: skip
    places = {item: place for place, item in enumerate(order)}
    return [found[places[item]] for item in range(len(counts))]


def _worse_last(pair: tuple[int, float]) -> float:
    return -pair[1]


class _Search:
    def __init__(
        self,
        steps: TransducerSteps,
        blank: int,
        limits: BeamLimits,
        lm_step: Callable[[Tensor, Any], tuple[Tensor, Any]] | None,
    ) -> None:
        self.steps, self.blank, self.limits, self.lm_step = steps, blank, limits, lm_step
        self.story = _Story()
        self.numbers: Tensor | None = None

    def start(self, encoded: Tensor) -> _Beam:
        items, size, device = len(encoded), self.limits.beam_size, encoded.device
        scores = torch.full((items, size), -_INF, dtype=torch.double, device=device)
        scores[:, 0] = 0.0
        nothing = torch.zeros(items, size, dtype=torch.long, device=device)
        beam = _Beam(nothing + 1, scores, nothing, encoded, [], None, None)
        return self._predict(beam, nothing + self.blank, None, None)

    def _predict(self, beam: _Beam, tokens: Tensor, states: list[Any] | None, lm_states: Any) -> _Beam:
        """The beam with what the networks say after its last `tokens`."""
        predicted, after = self.steps.predict(tokens.flatten(), states)
        beam = replace(beam, predicted=predicted, states=after)
        if self.lm_step is not None:
            beam.lm_log_probs, beam.lm_states = self.lm_step(tokens.flatten(), lm_states)
        return beam

    def hear(self, beam: _Beam, encoded: Tensor, frame: int) -> _Beam:
        """The beam after a frame, `(items, features)`."""
        rounds, waited = [], []
        best = beam.scores.new_full((len(beam.scores), 1), -_INF)
        for count in range(self.limits.max_symbols_per_step + 1):
            log_probs = self._log_probs(beam, encoded)
            blank = beam.scores + log_probs[:, :, self.blank]
            rounds.append(beam)
            waited.append(blank)
            if count == self.limits.max_symbols_per_step:
                break
            best = torch.maximum(best, blank.amax(dim=1, keepdim=True))
            longer = self._extend(beam, log_probs, best, frame)
            if longer is None:
                break
            beam = longer
        if len(rounds) == 1:
            return replace(beam, scores=waited[0])
        return self._merge(rounds, torch.cat(waited, dim=1))

    def _log_probs(self, beam: _Beam, encoded: Tensor) -> Tensor:
        """`(items, beam, tokens)`."""
        items, size = beam.scores.shape
        predicted = beam.predicted.view(items, size, -1)
        # Hypotheses of an item stand where frames stand in training: they hear the same one.
        rows = encoded.unsqueeze(1).expand(-1, size, -1).reshape(items * size, 1, -1)
        return self.steps.scores(rows, predicted.flatten(0, 1)).log_softmax(dim=-1).view(items, size, -1)

    def _extend(self, beam: _Beam, log_probs: Tensor, best: Tensor, frame: int) -> _Beam | None:
        """The best hypotheses with a token more, None where nobody is worth it."""
        items, size = beam.scores.shape
        spoken = log_probs.clone()
        spoken[:, :, self.blank] = -_INF
        likely = spoken.amax(dim=2, keepdim=True) - self.limits.expand_beam
        more = spoken if beam.lm_log_probs is None else spoken + beam.lm_log_probs.view(items, size, -1)
        # A token that is impossible stays so where nothing else is spared.
        more = more.masked_fill(spoken < likely, -_INF)
        vocabulary = more.shape[2]
        scores = (beam.scores.unsqueeze(2) + more).flatten(1)
        count = min(size, scores.shape[1])
        scores, chosen = scores.topk(count, dim=1)
        alive = (scores > best - self.limits.state_beam) & (scores > -_INF)
        if not bool(alive.any()):
            return None
        if count < size:  # fewer continuations than the beam is wide
            scores = torch.nn.functional.pad(scores, (0, size - count), value=-_INF)
            chosen, alive = (torch.nn.functional.pad(x, (0, size - count)) for x in (chosen, alive))
        source, tokens = chosen // vocabulary, chosen % vocabulary
        if self.numbers is None:
            generator = torch.Generator().manual_seed(0)
            self.numbers = torch.randint(2**62, (vocabulary,), generator=generator).to(scores.device)
        said = spoken.flatten(1).gather(1, chosen)
        nodes = self.story.add(beam.nodes.gather(1, source), tokens, said, frame)
        hashes = beam.hashes.gather(1, source) * _MULTIPLIER + self.numbers[tokens]
        rows = (source + torch.arange(items, device=source.device).unsqueeze(1) * size).flatten()
        longer = beam.rows(rows, hashes, scores.masked_fill(~alive, -_INF), nodes)
        return self._predict(longer, tokens, longer.states, longer.lm_states)

    def _merge(self, rounds: list[_Beam], scores: Tensor) -> _Beam:
        """The best of all that have heard a frame, the same tokens once."""
        items, size = rounds[0].scores.shape
        hashes = torch.cat([beam.hashes for beam in rounds], dim=1)
        hashes = hashes.masked_fill(scores == -_INF, 0)
        same = hashes.unsqueeze(2) == hashes.unsqueeze(1)
        # The best of equal ones speaks for all: it knows when the tokens were said.
        place = torch.arange(scores.shape[1], device=scores.device)
        theirs, ours = scores.unsqueeze(1), scores.unsqueeze(2)
        better = (theirs > ours) | ((theirs == ours) & (place < place.unsqueeze(1)))
        total = theirs.expand(-1, scores.shape[1], -1).masked_fill(~same, -_INF).logsumexp(dim=2)
        total = total.masked_fill((same & better).any(dim=2), -_INF)
        total, chosen = total.topk(size, dim=1)
        row = chosen % size + torch.arange(items, device=chosen.device).unsqueeze(1) * size
        rows = (chosen // size * (items * size) + row).flatten()
        together = _Beam(
            hashes,
            scores,
            scores,
            torch.cat([beam.predicted for beam in rounds]),
            join_states([beam.states for beam in rounds]),
            None if rounds[0].lm_log_probs is None else torch.cat([beam.lm_log_probs for beam in rounds]),  # type: ignore[misc]
            join_states([beam.lm_states for beam in rounds]),
        )
        nodes = torch.cat([beam.nodes for beam in rounds], dim=1)
        return together.rows(rows, hashes.gather(1, chosen), total, nodes.gather(1, chosen))
