"""Long recordings in pieces that a model can take at once, cut where it is quiet.

Models that look at the whole input (recurrent in both directions, attention)
need memory that grows with its length, and heard utterances of some seconds in
training. A cut in a pause hurts no word.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["cut_at_pauses"]

# Shorter than the pauses between words, longer than a period of the lowest voice.
WINDOW_SECONDS = 0.1
# Every length is a new shape, for which kernels keep plans and allocators blocks: there are to be few.
STEP_SECONDS = 0.5


def cut_at_pauses(
    blocks: Iterable[Tensor],
    sample_rate: int,
    *,
    shortest: float = 20.0,
    longest: float = 40.0,
    whole: float | None = None,
) -> Iterator[Tensor]:
    """Pieces of a recording, none longer than `longest` seconds; joined, they are the recording.

    A recording of up to `whole` seconds is one piece. From a longer one, a piece is
    cut between `shortest` and `longest`, at that of the moments 0.5 s apart with
    the least energy in the 0.1 s around it.

    Args:
        blocks: of the recording, each `(time,)`.
        sample_rate: in Hz.
        shortest: in seconds; only the last piece may be shorter.
        longest: in seconds.
        whole: in seconds, at least `longest`, which it is if None.

    Raises:
        ArgumentError: `shortest` is not between 0 and `longest`, or `whole` below that.

    >>> [len(piece) for piece in cut_at_pauses([torch.ones(90), torch.zeros(10), torch.ones(150)], 10,
    ...                                        shortest=8, longest=12)]
    [90, 80, 80]
    """
    if not 0 < shortest < longest:
        raise ArgumentError(f"shortest must be between 0 and longest={longest}, got {shortest}", hint="in seconds")
    if whole is not None and whole < longest:
        raise ArgumentError(f"whole must be at least longest={longest}, got {whole}", hint="in seconds")
    first, last = round(shortest * sample_rate), round(longest * sample_rate)
    window, step = (max(1, round(seconds * sample_rate)) for seconds in (WINDOW_SECONDS, STEP_SECONDS))
    held, limit = torch.zeros(0), last if whole is None else round(whole * sample_rate)
    for block in blocks:
        held = torch.cat((held, block))
        while len(held) > limit:
            limit = last
            around = held[first - window // 2 : last].unfold(0, window, step)
            cut = first + step * int(around.square().sum(dim=-1).argmin())
            yield held[:cut]
            held = held[cut:]
    if len(held):
        yield held
