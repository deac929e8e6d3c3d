"""Search through Whisper's decoder on its cache: greedy, by sampling, or with a beam.

Both searches take a batch of items, each with a group of hypotheses that share
the audio of their item; items that are done leave the batch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from sonovox.decoding.whisper_rules import Rule

__all__ = ["Decoder", "Hypothesis", "Search", "beam_search", "sample"]


class Decoder(Protocol):
    """What a search needs of a model; `models.whisper.Whisper` is one."""

    def start(self, audio: Tensor, *, beams: int = 1, max_length: int | None = None) -> Any:
        """An empty cache over encoded `audio` for `items * beams` rows."""
        ...

    def states(self, tokens: Tensor, cache: Any) -> Tensor:
        """Hidden states `[rows, new, d_model]` of `tokens`, which the cache then holds."""
        ...

    def logits(self, states: Tensor) -> Tensor:
        """Scores of the vocabulary."""
        ...


@dataclass
class Hypothesis:
    """Tokens of one candidate without the end, and their summed log-probability, end included."""

    tokens: list[int]
    log_probability: float


@dataclass
class Search:
    """What both searches share: the rows in work and where each came from.

    Args:
        decoder: the model.
        audio: `[items, positions, d_model]`.
        prompt: `[items, length]` tokens that tell the decoder what to do.
        given: the first tokens of the text, the same for all items.
        start_at: index in the prompt of the token that starts the text.
        group: hypotheses of each item.
        rules: bans on scores.
        end: id that closes a text.
        max_new: tokens to say at most, the given ones included.
        no_speech: id of the token whose probability at the start says that nobody speaks.
    """

    decoder: Decoder
    audio: Tensor
    prompt: Tensor
    given: Sequence[int]
    start_at: int
    group: int
    rules: Sequence[Rule]
    end: int
    max_new: int
    no_speech: int
    items: Tensor = field(init=False)
    said: Tensor = field(init=False)
    no_speech_probabilities: list[float] = field(init=False)

    def begin(self) -> Tensor:
        """Run the prompt; return the scores `[rows, vocab]` of the first new token."""
        n_items, length = self.prompt.shape
        self.items = torch.arange(n_items, device=self.audio.device)
        rows = self.prompt.repeat_interleave(self.group, dim=0)
        self.said = rows.new_tensor(list(self.given)).expand(rows.shape[0], -1)
        self.cache = self.decoder.start(self.audio, beams=self.group, max_length=length + self.max_new)
        states = self.decoder.states(torch.cat([rows, self.said], dim=1), self.cache)
        first_rows = states[:: self.group, self.start_at]
        self.no_speech_probabilities = self.decoder.logits(first_rows).softmax(-1)[:, self.no_speech].tolist()
        return self.ruled(self.decoder.logits(states[:, -1]))

    def say(self, tokens: Tensor) -> None:
        """Append one token `[rows]` to each row."""
        self.said = torch.cat([self.said, tokens[:, None]], dim=1)

    def advance(self) -> Tensor:
        """Scores of the token after those said."""
        return self.ruled(self.decoder.logits(self.decoder.states(self.said[:, -1:], self.cache)[:, -1]))

    def ruled(self, logits: Tensor) -> Tensor:
        """Scores after the rules."""
        for rule in self.rules:
            rule(logits, self.said)
        return logits

    def keep(self, going: Tensor) -> Tensor:
        """Let the items whose place in `going` `[items]` is false leave; return the rows that stay."""
        items = going.nonzero()[:, 0]
        rows = (items[:, None] * self.group + torch.arange(self.group, device=items.device)).flatten()
        self.cache.keep(items, rows)
        self.items, self.said = self.items[items], self.said[rows]
        return rows


def sample(search: Search, temperature: float, generator: torch.Generator | None = None) -> list[list[Hypothesis]]:
    """The likeliest token at each step, or one drawn at `temperature`; a list of `group` hypotheses an item.

    Args:
        search: what to search; `group` rows of an item are drawn independently.
        temperature: 0 for the likeliest token.
        generator: of the draws.
    """
    results: list[list[Hypothesis]] = [[] for _ in range(search.prompt.shape[0])]
    logits = search.begin()
    totals = logits.new_zeros(logits.shape[0])
    ended = torch.zeros_like(totals, dtype=torch.bool)
    for step in range(len(search.given), search.max_new):
        if temperature == 0.0:
            tokens = logits.argmax(-1)
        else:
            tokens = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
        chosen = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
        totals = totals + chosen.masked_fill(ended, 0.0)
        tokens = tokens.masked_fill(ended, search.end)
        search.say(tokens)
        ended = tokens == search.end

        done = ended.view(-1, search.group).all(1)
        last = step + 1 == search.max_new or bool(done.all())
        # To leave costs a copy of the caches of those who stay: wait until a quarter can go.
        if last or int(done.sum()) * 4 >= done.numel():
            leaving = torch.ones_like(done) if last else done
            for place in leaving.nonzero()[:, 0].tolist():
                for row in range(place * search.group, (place + 1) * search.group):
                    results[int(search.items[place])].append(_finish(search, row, totals[row].item()))
            if last:
                break
            rows = search.keep(~done)
            totals, ended = totals[rows], ended[rows]
        logits = search.advance()
    return results


def beam_search(search: Search, patience: float = 1.0) -> list[list[Hypothesis]]:
    """The finished hypotheses of each item, likeliest first, found with a beam of `search.group`.

    An item is done when `group * patience` hypotheses have ended (Kasai et al.,
    "A call for clarity in beam search", 2022). Hypotheses that are still open at
    the last step fill up what is missing.
    """
    beams = search.group
    wanted = max(1, round(beams * patience))
    results: list[list[Hypothesis]] = [[] for _ in range(search.prompt.shape[0])]
    logits = search.begin()
    vocab = logits.shape[-1]
    # The beams of an item are equal at first: only one of them may speak.
    totals = logits.new_full((search.items.numel(), beams), -math.inf)
    totals[:, 0] = 0.0
    for step in range(len(search.given), search.max_new):
        scores = totals[:, :, None] + logits.log_softmax(-1).view(-1, beams, vocab)
        # At most one end comes from each beam, so twice the beam always holds a full one.
        best, index = scores.flatten(1).topk(2 * beams)
        parents, tokens = (index // vocab).tolist(), (index % vocab).tolist()
        chosen_parents, chosen_tokens, chosen_scores, going = [], [], [], []
        for place, item in enumerate(search.items.tolist()):
            base = place * beams
            open_rows: list[tuple[int, int, float]] = []
            for parent, token, score in zip(parents[place], tokens[place], best[place].tolist(), strict=True):
                if token == search.end and score > -math.inf:
                    if len(results[item]) < wanted:
                        results[item].append(Hypothesis(search.said[base + parent].tolist(), score))
                else:
                    open_rows.append((base + parent, token, score))
                if len(open_rows) == beams:
                    break
            chosen_parents += [row for row, _, _ in open_rows]
            chosen_tokens += [token for _, token, _ in open_rows]
            chosen_scores.append([score for _, _, score in open_rows])
            going.append(len(results[item]) < wanted)

        parent_rows = torch.tensor(chosen_parents, device=logits.device)
        search.said = search.said[parent_rows]
        search.say(torch.tensor(chosen_tokens, device=logits.device))
        totals = totals.new_tensor(chosen_scores)
        if step + 1 == search.max_new or not any(going):
            _fill_up(search, results, totals, wanted)
            break
        search.cache.reorder(parent_rows)
        if not all(going):
            stay = torch.tensor(going, device=logits.device)
            search.keep(stay)
            totals = totals[stay]
        logits = search.advance()
    return [sorted(found, key=lambda hypothesis: -hypothesis.log_probability) for found in results]


def _fill_up(search: Search, results: list[list[Hypothesis]], totals: Tensor, wanted: int) -> None:
    for place, item in enumerate(search.items.tolist()):
        for beam in totals[place].argsort(descending=True).tolist():
            if len(results[item]) >= wanted:
                break
            row = place * search.group + beam
            results[item].append(Hypothesis(search.said[row].tolist(), totals[place, beam].item()))


def _finish(search: Search, row: int, log_probability: float) -> Hypothesis:
    tokens = search.said[row].tolist()
    end = tokens.index(search.end) if search.end in tokens else len(tokens)
    return Hypothesis(tokens[:end], log_probability)
