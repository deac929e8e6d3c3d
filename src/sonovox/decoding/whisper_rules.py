"""What Whisper's decoder must not say: the rules that its scores pass before a search.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision",
2022, section 4.5, and the timestamp grammar of section 2.3: a text begins with
its time, times come in pairs around a segment and never run backwards.

A rule looks only at the tokens said so far, so a search may reorder and drop
hypotheses without telling it.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Rule", "SuppressAtStart", "SuppressTokens", "TimestampGrammar"]


class Rule(Protocol):
    """Bans tokens: sets their scores to minus infinity, in place."""

    def __call__(self, logits: Tensor, said: Tensor) -> None:
        """`logits` is `[rows, vocab]`, `said` `[rows, length]` since the prompt."""
        ...


class SuppressTokens:
    """Bans some tokens always."""

    def __init__(self, tokens: Sequence[int], device: torch.device) -> None:
        self.tokens = torch.tensor(list(tokens), dtype=torch.long, device=device)

    def __call__(self, logits: Tensor, said: Tensor) -> None:
        logits.index_fill_(1, self.tokens, -math.inf)


class SuppressAtStart(SuppressTokens):
    """Bans some tokens as the first one."""

    def __call__(self, logits: Tensor, said: Tensor) -> None:
        if said.shape[1] == 0:
            super().__call__(logits, said)


class TimestampGrammar:
    """Bans what would break the grammar of timestamps.

    Args:
        end: id of the end of text; every id below it is text.
        no_timestamps: id of the token that would switch times off.
        first_timestamp: id of 0.00; every id from there on is a time.
        latest_start: the first timestamp is at most this many steps of 20 ms.
    """

    def __init__(self, end: int, no_timestamps: int, first_timestamp: int, latest_start: int | None) -> None:
        self.end = end
        self.no_timestamps = no_timestamps
        self.first_timestamp = first_timestamp
        self.latest_start = latest_start

    def __call__(self, logits: Tensor, said: Tensor) -> None:
        first = self.first_timestamp
        logits[:, self.no_timestamps] = -math.inf
        if said.shape[1] == 0:
            logits[:, :first] = -math.inf  # a text begins with its time
            if self.latest_start is not None:
                logits[:, first + self.latest_start + 1 :] = -math.inf
            return

        is_time = said >= first
        last = is_time[:, -1]
        # A single time at the very start counts as a pair: text has to follow it.
        before = is_time[:, -2] if said.shape[1] > 1 else torch.ones_like(last)
        vocabulary = torch.arange(logits.shape[1], device=logits.device)
        times, text = vocabulary >= first, vocabulary < self.end

        # After a pair comes text; after a closing time its opening twin, or the end.
        banned = (last & before)[:, None] & times
        banned |= (last & ~before)[:, None] & text
        # Times never run backwards, and only a twin may repeat one: a segment has a length.
        latest = said.masked_fill(~is_time, first - 1).amax(1)
        earliest = torch.where(last & ~before, latest, latest + 1)
        banned |= times & (vocabulary < earliest[:, None])
        logits.masked_fill_(banned, -math.inf)

        # Where all times together are likelier than the likeliest text, a time is due.
        log_probabilities = logits.log_softmax(-1)
        due = log_probabilities[:, first:].logsumexp(-1) > log_probabilities[:, :first].amax(-1)
        logits[:, :first].masked_fill_(due[:, None], -math.inf)
