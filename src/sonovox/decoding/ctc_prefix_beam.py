"""Prefix beam search for CTC, for all items, hypotheses and tokens of a frame at once.

Graves, "Supervised sequence labelling with recurrent neural networks", 2012, section
7.5; Hannun et al., "First-pass large vocabulary continuous speech recognition using
bi-directional recurrent DNNs", 2014, algorithm 1. A prefix is known by a hash of its
tokens and by that of the prefix it continues: that is enough to find the hypotheses
that two others lead to. On a CPU, and where no words are asked for, a kernel does it
(`_kernels.ctc_prefixes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._kernels.ctc_prefixes import Prefix, ctc_prefixes
from sonovox.decoding.ctc_words import Spelling, WordScores

__all__ = ["PrefixPaths", "search_prefixes"]

_INF = float("inf")
# Frames from which on what the kernel sums, without logarithms, may miss alignments that stray far.
_LONG = 1000
# Knuth's multiplier of linear congruences; a token adds its own random number.
_MULTIPLIER = 6364136223846793005


@dataclass
class PrefixPaths:
    """The hypotheses of one item, best first.

    Attributes:
        tokens: of each.
        frames: at which these were most probably said first.
        scores: log-probabilities that CTC gives, summed over all alignments.
        combined: these and what the words say.
        states: where the words stand; None without words.
    """

    tokens: list[list[int]]
    frames: list[list[int]]
    scores: list[float]
    combined: list[float]
    states: list[Spelling | None]


@dataclass
class _Beam:
    """Hypotheses of the items that are still heard, each `(items, beam)`; logarithms in float64."""

    hashes: Tensor
    parents: Tensor  # the hash of the prefix without its last token
    last: Tensor  # -1 for the empty prefix
    blank: Tensor  # of the paths that end with blank
    nonblank: Tensor  # and of the others
    words: Tensor  # scores of the words
    states: Tensor  # index of a `Spelling`

    def rows(self, first: int, end: int | None = None) -> "_Beam":
        return _Beam(*(x[first:end] for x in vars(self).values()))


def search_prefixes(
    log_probs: Tensor,
    counts: Sequence[int],
    blank: int,
    *,
    beam_size: int,
    beam_prune_logp: float,
    token_prune_min_logp: float,
    topk: int,
    words: WordScores | None = None,
) -> list[PrefixPaths]:
    """The best hypotheses of each item.

    Args:
        log_probs: `(items, frames, tokens)`.
        counts: frames of each item.
        blank: index of the blank.
        beam_size: hypotheses that are kept at each frame.
        beam_prune_logp: drop those further than this below the best.
        token_prune_min_logp: tokens below this are not considered, but for the best of a frame.
        topk: hypotheses that are given, where there are so many.
        words: scores of words.
    """
    if words is None:
        found = ctc_prefixes(
            log_probs,
            counts,
            blank,
            _numbers(log_probs.shape[2]),
            beam_size=beam_size,
            beam_prune_logp=beam_prune_logp,
            token_prune_min_logp=token_prune_min_logp,
            topk=topk,
        )
        if found is not None:
            return [
                _of_kernel(prefixes, item[:count], blank)
                for prefixes, item, count in zip(found, log_probs, counts, strict=True)
            ]
    order = sorted(range(len(counts)), key=lambda item: -counts[item])  # the longest first: others leave at the end
    log_probs = log_probs[order].double()
    counts = [counts[item] for item in order]
    search = _Search(log_probs, blank, beam_size, beam_prune_logp, token_prune_min_logp, words)
    beam = search.start(len(counts))
    sources: list[Tensor] = []
    said: list[Tensor] = []
    ended: list[_Beam] = []
    for frame in range(max(counts, default=0)):
        heard = sum(count > frame for count in counts)
        if heard < len(beam.last):
            ended.insert(0, beam.rows(heard))
            beam = beam.rows(0, heard)
        beam, source, token = search.step(beam, frame)
        sources.append(source)
        said.append(token)
    ended.insert(0, beam)
    paths: list[PrefixPaths] = []
    for part in ended:
        for row in range(len(part.last)):
            item = len(paths)
            ends, words_scores, spellings = search.collect(part, row, topk)
            steps = range(counts[item])
            way = [sources[t][item].tolist() for t in steps], [said[t][item].tolist() for t in steps]
            traced = [_trace(end, *way) for end in ends]
            scores = _exact(log_probs[item, : counts[item]], [tokens for tokens, _ in traced], blank)
            paths.append(_ranked(traced, scores, words_scores, spellings))
    places = {item: place for place, item in enumerate(order)}
    return [paths[places[item]] for item in range(len(counts))]


class _Search:
    def __init__(
        self, log_probs: Tensor, blank: int, beam: int, prune: float, least: float, words: WordScores | None
    ) -> None:
        self.beam, self.prune, self.words = beam, prune, words
        self.log_probs, self.blank = log_probs, blank
        tokens = log_probs.clone()
        tokens[:, :, blank] = -_INF
        # (items, frames, tokens), the most probable first.
        self.sorted, self.order = tokens.sort(dim=2, descending=True)
        is_best = self.sorted >= log_probs[:, :, blank, None]
        is_best[:, :, 1:] = False
        self.sorted.masked_fill_((self.sorted < least) & ~is_best, -_INF)
        self.rank = self.order.argsort(dim=2)
        self.considered = (self.sorted > -_INF).sum(dim=2)
        self.numbers = _numbers(log_probs.shape[2]).to(log_probs.device)
        self.spellings: list[Spelling] = [] if words is None else [words.start()]
        self.index: dict[Spelling, int] = dict.fromkeys(self.spellings, 0)
        self.known: dict[tuple[int, int], tuple[float, int]] = {}
        # Hashes of hypotheses that are none: of no prefix, and of no parent.
        self.nobody = -1 - torch.arange(beam, device=log_probs.device)

    def start(self, items: int) -> _Beam:
        shape, device = (items, self.beam), self.log_probs.device
        nothing = torch.full(shape, -_INF, dtype=torch.double, device=device)
        hashes = self.nobody.expand(shape).clone()
        hashes[:, 0] = 1
        blank = nothing.clone()
        blank[:, 0] = 0.0
        zeros = torch.zeros(shape, dtype=torch.long, device=device)
        return _Beam(hashes, (self.nobody - self.beam).expand(shape), zeros - 1, blank, nothing, zeros.double(), zeros)

    def step(self, beam: _Beam, frame: int) -> tuple[_Beam, Tensor, Tensor]:
        """The beam after a frame; of each hypothesis, which one it was, and the token that is new, -1 for none."""
        items, size = beam.last.shape
        now = self.log_probs[:items, frame]
        width = int(self.considered[:items, frame].max())
        if width == 0:  # nothing but blank, as most frames of a trained model
            return self._wait(beam, now)
        tokens, scores = self.order[:items, frame, :width], self.sorted[:items, frame, :width]
        total = torch.logaddexp(beam.blank, beam.nonblank)
        is_start = beam.last < 0
        last = beam.last.clamp(min=0)
        again = now.gather(1, last)
        stay_blank = total + now[:, self.blank, None]
        stay_nonblank = (beam.nonblank + again).masked_fill(is_start, -_INF)
        # (items, beam, width): a token more; the same once more needs a blank between.
        same = tokens.unsqueeze(1) == beam.last.unsqueeze(2)
        longer = torch.where(same, beam.blank.unsqueeze(2), total.unsqueeze(2)) + scores.unsqueeze(1)

        # Where a hypothesis with a token more is another hypothesis, the two are one.
        is_parent = beam.parents.unsqueeze(2) == beam.hashes.unsqueeze(1)  # (items, hypothesis, its parent)
        has_parent, parent = is_parent.max(dim=2)
        needs_blank = beam.last == beam.last.gather(1, parent)
        from_parent = torch.where(needs_blank, beam.blank.gather(1, parent), total.gather(1, parent))
        rank = self.rank[:items, frame].gather(1, last)
        joined = (from_parent + again).masked_fill(~has_parent, -_INF)
        flat = longer.flatten(1)
        merged = has_parent & (rank < width)
        place = (parent * width + rank).masked_fill(~merged, flat.shape[1])
        # For times: does a prefix go on, or is its last token said now, more probably than before?
        is_now = joined > torch.logaddexp(stay_blank, stay_nonblank)
        stay_nonblank = torch.logaddexp(stay_nonblank, joined)
        gone = torch.zeros(items, flat.shape[1] + 1, dtype=torch.bool, device=flat.device)
        gone.scatter_(1, place, True)
        flat = flat.masked_fill(gone[:, :-1], -_INF)

        stay = torch.logaddexp(stay_blank, stay_nonblank)
        acoustic = torch.cat((stay, flat), dim=1)
        word_scores = torch.cat((beam.words, beam.words.repeat_interleave(width, dim=1)), dim=1)
        states = torch.cat((beam.states, beam.states.repeat_interleave(width, dim=1)), dim=1)
        if self.words is not None:
            word_scores, states = self._spell(word_scores, states, acoustic, tokens, size)
        best, chosen = (acoustic + word_scores).topk(size, dim=1)
        dead = ~(best >= best[:, :1] + self.prune)

        stays = chosen < size
        source = torch.where(stays, chosen, (chosen - size) // width)
        token = tokens.gather(1, ((chosen - size) % width).masked_fill(stays, 0))
        renewed = stays & is_now.gather(1, source)
        hashes = beam.hashes.gather(1, source)
        spelled = hashes * _MULTIPLIER + self.numbers[token]
        alive = torch.cat((stay_nonblank, flat), dim=1).gather(1, chosen)
        return (
            _Beam(
                torch.where(dead, self.nobody, torch.where(stays, hashes, spelled)),
                torch.where(dead, self.nobody - size, torch.where(stays, beam.parents.gather(1, source), hashes)),
                torch.where(stays, beam.last.gather(1, source), token),
                stay_blank.gather(1, source).masked_fill(~stays | dead, -_INF),
                alive.masked_fill(dead, -_INF),
                word_scores.gather(1, chosen),
                states.gather(1, chosen),
            ),
            torch.where(renewed, parent.gather(1, source), source),
            torch.where(renewed, beam.last.gather(1, source), token.masked_fill(stays, -1)),
        )

    def _wait(self, beam: _Beam, now: Tensor) -> tuple[_Beam, Tensor, Tensor]:
        """`step` where no token is considered: all hypotheses stay."""
        blank = torch.logaddexp(beam.blank, beam.nonblank) + now[:, self.blank, None]
        again = now.gather(1, beam.last.clamp(min=0)) + beam.nonblank  # -inf for the empty prefix
        places = torch.arange(self.beam, device=now.device).expand_as(beam.last)
        return replace(beam, blank=blank, nonblank=again), places, torch.full_like(places, -1)

    def _spell(
        self, scores: Tensor, states: Tensor, acoustic: Tensor, tokens: Tensor, size: int
    ) -> tuple[Tensor, Tensor]:
        """Scores and states with what the words say of each new token."""
        width = tokens.shape[1]
        items, places = (acoustic[:, size:] > -_INF).nonzero(as_tuple=True)
        spoken = tokens[items, places % width].tolist()
        before = states[items, size + places].tolist()
        steps = [self._advance(state, token) for state, token in zip(before, spoken, strict=True)]
        if steps:
            more, after = zip(*steps, strict=True)
            scores[items, size + places] += scores.new_tensor(more)
            states[items, size + places] = states.new_tensor(after)
        return scores, states

    def _advance(self, state: int, token: int) -> tuple[float, int]:
        step = self.known.get((state, token))
        if step is None and self.words is not None:
            score, spelling = self.words.advance(self.spellings[state], token)
            after = self.index.setdefault(spelling, len(self.spellings))
            if after == len(self.spellings):
                self.spellings.append(spelling)
            step = self.known[state, token] = (score, after)
        return step or (0.0, state)

    def collect(self, beam: _Beam, row: int, topk: int) -> tuple[list[int], list[float], list[Spelling | None]]:
        """Of the best hypotheses of a row: places in the beam, scores of the words, and where these stand."""
        acoustic = torch.logaddexp(beam.blank[row], beam.nonblank[row]).tolist()
        words, states = beam.words[row].tolist(), beam.states[row].tolist()
        if self.words is None:
            spellings: list[Spelling | None] = [None] * self.beam
        else:
            spellings = [self.spellings[state] for state in states]
            words = [more + self.words.finish(self.spellings[state]) for more, state in zip(words, states, strict=True)]
        combined = [a + b for a, b in zip(acoustic, words, strict=True)]
        ends = sorted((i for i, score in enumerate(combined) if score > -_INF), key=lambda i: -combined[i])[:topk]
        return ends, [words[i] for i in ends], [spellings[i] for i in ends]


def _numbers(vocabulary: int) -> Tensor:
    """A random number of each token, always the same."""
    return torch.randint(2**62, (vocabulary,), generator=torch.Generator().manual_seed(0))


def _of_kernel(prefixes: list[Prefix], log_probs: Tensor, blank: int) -> PrefixPaths:
    traced = [(prefix.tokens, prefix.frames) for prefix in prefixes]
    if len(log_probs) > _LONG:
        scores = _exact(log_probs.double(), [prefix.tokens for prefix in prefixes], blank)
    else:
        scores = [prefix.score for prefix in prefixes]
    return _ranked(traced, scores, [0.0] * len(prefixes), [None] * len(prefixes))


def _trace(place: int, sources: list[list[int]], said: list[list[int]]) -> tuple[list[int], list[int]]:
    """Tokens and frames of a hypothesis, followed back from its place in the last beam."""
    tokens, frames = [], []
    for frame in reversed(range(len(sources))):
        token, place = said[frame][place], sources[frame][place]
        if token >= 0:
            tokens.append(token)
            frames.append(frame)
    return tokens[::-1], frames[::-1]


def _exact(log_probs: Tensor, texts: list[list[int]], blank: int) -> list[float]:
    """Log-probabilities of texts over all alignments, also of those that the beam let go."""
    if not texts or not len(log_probs):
        return [0.0] * len(texts)
    lengths = torch.tensor([len(tokens) for tokens in texts])
    targets = torch.tensor([token for tokens in texts for token in tokens], dtype=torch.long)
    frames = log_probs.unsqueeze(1).expand(-1, len(texts), -1)
    counts = torch.full((len(texts),), len(log_probs))
    return (-F.ctc_loss(frames, targets.to(frames.device), counts, lengths, blank, reduction="none")).tolist()


def _ranked(
    traced: list[tuple[list[int], list[int]]],
    scores: list[float],
    words: list[float],
    spellings: list[Spelling | None],
) -> PrefixPaths:
    combined = [score + more for score, more in zip(scores, words, strict=True)]
    order = sorted(range(len(combined)), key=lambda i: -combined[i])
    tokens, frames = [traced[i][0] for i in order], [traced[i][1] for i in order]
    return PrefixPaths(
        tokens, frames, [scores[i] for i in order], [combined[i] for i in order], [spellings[i] for i in order]
    )
