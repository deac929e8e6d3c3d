"""When the words of a text were said, known from when its tokens were."""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence

from sonovox.inference.spoken_stretches import SpokenStretches
from sonovox.inference.transcript import Segment, Word

__all__ = ["segments_of_tokens"]

# Longer than what lies between the words of a phrase, also where a model says a letter late.
PAUSE_SECONDS = 0.6


def segments_of_tokens(
    text: str,
    tokens: Sequence[int],
    reached: Sequence[int],
    times: Sequence[tuple[float, float]],
    *,
    pause: float = PAUSE_SECONDS,
    spoken: SpokenStretches | None = None,
) -> tuple[Segment, ...]:
    """Segments of a text with the times of their words, cut where nothing is said for `pause` seconds.

    Args:
        text: what the tokens say.
        tokens: their numbers.
        reached: characters of the text up to and with each token, not falling.
        times: start and end of each token in seconds, not falling.
        pause: in seconds.
        spoken: of the recording, where tokens are spikes: a word lasts then as long as the sound around its spikes,
            up to the tokens before and after it.

    >>> times = [(0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (1.5, 1.6)]
    >>> [(s.start, s.end, s.text, s.tokens) for s in segments_of_tokens("ab c", [1, 2, 0, 3], [1, 2, 3, 4], times)]
    [(0.1, 0.3, 'ab', (1, 2, 0)), (1.5, 1.6, 'c', (3,))]
    """
    found = list(re.finditer(r"\S+", text))
    # The token that says a character is the first that reaches beyond it.
    firsts = [min(bisect_right(reached, match.start()), len(times) - 1) for match in found]
    lasts = [min(bisect_right(reached, match.end() - 1), len(times) - 1) for match in found]
    edges = [(times[first][0], times[last][1]) for first, last in zip(firsts, lasts, strict=True)]
    if spoken is not None:
        edges = _stretched(edges, firsts, lasts, times, spoken)
    words = [Word(*edge, match.group()) for edge, match in zip(edges, found, strict=True)]
    cuts = [i for i in range(1, len(words)) if words[i].start - words[i - 1].end >= pause]
    segments = []
    for first, end in zip([0, *cuts], [*cuts, len(words)], strict=True):
        if first == end:
            continue
        begin_token = firsts[first] if first else 0
        end_token = firsts[end] if end < len(words) else len(tokens)
        segments.append(
            Segment(
                words[first].start,
                words[end - 1].end,
                text[found[first].start() : found[end - 1].end()],
                tuple(tokens[begin_token:end_token]),
                words=tuple(words[first:end]),
            )
        )
    return tuple(segments)


def _stretched(
    edges: Sequence[tuple[float, float]],
    firsts: Sequence[int],
    lasts: Sequence[int],
    times: Sequence[tuple[float, float]],
    spoken: SpokenStretches,
) -> list[tuple[float, float]]:
    """Start and end of each word by the sound around its tokens."""
    longer = []
    for (start, end), first, last in zip(edges, firsts, lasts, strict=True):
        before = times[first - 1][1] if first else -math.inf
        after = times[last + 1][0] if last + 1 < len(times) else math.inf
        longer.append((spoken.head(start, before), spoken.tail(end, after)))
    for i in range(1, len(longer)):
        (begin, end), (start, beyond) = longer[i - 1], longer[i]
        if end > start:  # the same sound, without a token between: it is divided where it is the least
            border = spoken.border(edges[i - 1][1], edges[i][0])
            longer[i - 1], longer[i] = (begin, border), (border, beyond)
    return longer
