"""Where a recording is loud around the moments at which a model says something.

CTC models say a label in a spike of one frame, and nothing while the sound goes on:
of a word, the spikes tell in which order it is said and near which moment, but not
when it ends. The sound does.
"""

import torch
from torch import Tensor

__all__ = ["SpokenStretches"]

_HOP_SECONDS = 0.01
_LOUD_SECONDS = 0.2
# Longer than the closure of a stop consonant, which is no end.
_DIP_SECONDS = 0.1
# Beyond it, what is loud is something else than the word.
_LONGEST_SECONDS = 1.0
# Where less than this lies between its loud and its quiet moments, a recording has no quiet ones.
_LEAST_RANGE_DB, _MOST_RANGE_DB = 10.0, 60.0
_LOUD_SHARE = 0.25
# By so much noise varies from frame to frame.
_LEAST_DB = 5.0


class SpokenStretches:
    """The loud stretches of a recording, or of a piece of one.

    A moment is loud where its level, in dB, is above a quarter of the way from the quietest tenth to the loudest 0.2 s.

    Args:
        samples: `(time,)`, of any loudness.
        sample_rate: in Hz.
        start: where the piece begins, in seconds; all times are counted like it.

    >>> tone = torch.sin(torch.arange(8000.0))
    >>> spoken = SpokenStretches(torch.cat((torch.zeros(8000), 0.3 * tone, torch.zeros(8000))), 16000)
    >>> round(spoken.tail(0.6, 1.5), 2), round(spoken.head(0.6, 0.0), 2), spoken.tail(0.6, 0.8)
    (1.0, 0.5, 0.8)
    """

    def __init__(self, samples: Tensor, sample_rate: int, start: float = 0.0) -> None:
        hop = max(1, round(_HOP_SECONDS * sample_rate))
        count = -(-len(samples) // hop)
        padded = torch.nn.functional.pad(samples.float(), (0, count * hop - len(samples)))
        power = padded.unflatten(0, (count, hop)).square().mean(-1)
        self._level = 10 * power.clamp(min=power.max() * 10 ** (-_MOST_RANGE_DB / 10)).clamp(min=1e-20).log10()
        self._start, self._hop = start, hop / sample_rate
        ordered = self._level.sort().values
        # A click is not what is meant by loud, and one word in much silence is.
        quiet, loud = ordered[count // 10], ordered[-1 - min(count // 10, round(_LOUD_SECONDS / _HOP_SECONDS))]
        span = loud - quiet
        least = quiet + max(_LOUD_SHARE * span, _LEAST_DB) if span >= _LEAST_RANGE_DB else -torch.inf
        self._loud = (self._level > least).tolist()

    def tail(self, at: float, limit: float) -> float:
        """Until when a sound goes on that is heard at a moment, or soon after it.

        Args:
            at: in seconds.
            limit: not beyond this moment.
        """
        first, beyond = self._frame(at), self._frame(min(limit, at + _LONGEST_SECONDS))
        last = self._reach(range(first, beyond))
        return at if last is None else min(max(at, self._start + (last + 1) * self._hop), limit)

    def head(self, at: float, limit: float) -> float:
        """Since when a sound goes on that is heard at a moment, or shortly before it; not since before `limit`."""
        first, beyond = self._frame(max(limit, at - _LONGEST_SECONDS)), self._frame(at)
        last = self._reach(range(beyond - 1, first - 1, -1))
        return at if last is None else max(min(at, self._start + last * self._hop), limit)

    def border(self, begin: float, end: float) -> float:
        """The quietest moment between two."""
        first = self._frame(begin)
        between = self._level[first : self._frame(end)]
        if not len(between):
            return begin
        return min(max(begin, self._start + (first + int(between.argmin()) + 0.5) * self._hop), end)

    def _frame(self, seconds: float) -> int:
        return min(max(round((seconds - self._start) / self._hop), 0), len(self._loud))

    def _reach(self, frames: range) -> int | None:
        """The last of the frames that is loud, before they are quiet for long."""
        last, quiet = None, 0
        for frame in frames:
            if self._loud[frame]:
                last, quiet = frame, 0
            elif (quiet := quiet + 1) * self._hop > _DIP_SECONDS:
                break
        return last
