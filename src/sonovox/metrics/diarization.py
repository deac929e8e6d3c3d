"""Diarisation error rate: time that is given to the wrong speakers, per time of speech.

Fiscus et al., "The Rich Transcription 2006 spring meeting recognition evaluation", MLMI
2006, section 3. Speakers have other names in the hypothesis; each is mapped to at most
one of the reference so that they share the most time (Kuhn, "The Hungarian method for
the assignment problem", 1955, in the form of shortest augmenting paths).
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sonovox._internal.errors import ArgumentError

__all__ = ["DiarizationErrorRate", "diarization_error_rate"]

Segment = tuple[float, float, str]


@dataclass(frozen=True)
class DiarizationErrorRate:
    """Errors of a diarisation in seconds. Those of several recordings add up by `+`.

    Attributes:
        missed: speech of the reference that the hypothesis has not, by speaker.
        false_alarm: speech of the hypothesis where the reference has none.
        confusion: speech that is given to another speaker.
        total: all speech of the reference, by speaker.
        mapping: speaker of the hypothesis -> speaker of the reference, for one recording.
    """

    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0
    total: float = 0.0
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Errors per second of speech: 0 is perfect, and false alarms can bring it above 1."""
        errors = self.missed + self.false_alarm + self.confusion
        return errors / self.total if self.total else (math.inf if errors else 0.0)

    def __add__(self, other: "DiarizationErrorRate") -> "DiarizationErrorRate":
        return DiarizationErrorRate(
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
            self.total + other.total,
        )

    def __str__(self) -> str:
        return (
            f"{100 * self.rate:.2f} % (missed {self.missed:.2f} s, false alarm {self.false_alarm:.2f} s, "
            f"confusion {self.confusion:.2f} s of {self.total:.2f} s)"
        )


def diarization_error_rate(
    reference: Sequence[Segment],
    hypothesis: Sequence[Segment],
    *,
    collar: float = 0.0,
    skip_overlap: bool = False,
) -> DiarizationErrorRate:
    """The errors of a diarisation of one recording.

    Args:
        reference: who spoke when: begin and end in seconds, and a speaker; segments may overlap.
        hypothesis: likewise, with names of its own.
        collar: seconds before and after each begin and end of the reference that are not scored.
        skip_overlap: do not score where the reference has several speakers.

    Raises:
        ArgumentError: a segment that ends before it begins, or a negative collar.

    >>> said = [(0.0, 5.0, "Ann"), (5.0, 10.0, "Bob")]
    >>> heard = [(0.0, 6.0, "one"), (6.0, 9.0, "two")]
    >>> print(diarization_error_rate(said, heard))
    20.00 % (missed 1.00 s, false alarm 0.00 s, confusion 1.00 s of 10.00 s)
    """
    if collar < 0:
        raise ArgumentError(f"collar must not be negative, got {collar}", hint="give it in seconds")
    _check("reference", reference)
    _check("hypothesis", hypothesis)
    pieces = list(_pieces(reference, hypothesis, collar))
    if skip_overlap:
        pieces = [piece for piece in pieces if len(piece[1]) < 2]
    mapping = _best_mapping(pieces)
    missed = false_alarm = confusion = total = 0.0
    for seconds, said, heard in pieces:
        right = len(said & {mapping[speaker] for speaker in heard if speaker in mapping})
        total += seconds * len(said)
        missed += seconds * max(len(said) - len(heard), 0)
        false_alarm += seconds * max(len(heard) - len(said), 0)
        confusion += seconds * (min(len(said), len(heard)) - right)
    return DiarizationErrorRate(missed, false_alarm, confusion, total, mapping)


Piece = tuple[float, set[str], set[str]]


def _check(name: str, segments: Sequence[Segment]) -> None:
    for start, end, speaker in segments:
        if not start <= end:
            raise ArgumentError(f"a segment of {name} must not end before it begins, got {(start, end, speaker)}")


def _pieces(reference: Sequence[Segment], hypothesis: Sequence[Segment], collar: float) -> Iterable[Piece]:
    """Stretches in which nobody begins or ends: seconds, who spoke, who was heard; collars are left out."""
    edges = [edge for start, end, _ in reference for edge in (start, end)]
    # The collar is a speaker of a third kind, who is there where nothing is scored.
    collars = [(edge - collar, edge + collar, "") for edge in edges] if collar else []
    events = sorted(
        (time, change, kind, speaker)
        for kind, segments in enumerate((reference, hypothesis, collars))
        for start, end, speaker in segments
        for time, change in ((start, 1), (end, -1))
    )
    active: tuple[dict[str, int], ...] = ({}, {}, {})
    following_times = [time for time, *_ in events[1:]]
    for (time, change, kind, speaker), following in zip(events, following_times, strict=False):
        active[kind][speaker] = active[kind].get(speaker, 0) + change
        said, heard, unscored = ({name for name, count in names.items() if count > 0} for names in active)
        if time < following and not unscored and (said or heard):
            yield following - time, said, heard


def _best_mapping(pieces: Sequence[Piece]) -> dict[str, str]:
    """Speakers of the hypothesis -> speakers of the reference, such that they share the most time."""
    shared: dict[tuple[str, str], float] = {}
    for seconds, said, heard in pieces:
        for pair in itertools.product(heard, said):
            shared[pair] = shared.get(pair, 0.0) + seconds
    rows, columns = (sorted({pair[side] for pair in shared}) for side in (0, 1))
    if not shared:
        return {}
    size = max(len(rows), len(columns))
    cost = [[0.0] * size for _ in range(size)]
    for (row, column), seconds in shared.items():
        cost[rows.index(row)][columns.index(column)] = -seconds
    chosen = zip(rows, _assignment(cost), strict=False)
    return {row: columns[j] for row, j in chosen if j < len(columns) and (row, columns[j]) in shared}


def _assignment(cost: Sequence[Sequence[float]]) -> list[int]:
    """The column of each row of a square matrix, such that their sum is least; in O(n^3)."""
    size = len(cost)
    row_price, column_price = [0.0] * size, [0.0] * size
    row_of: list[int] = [-1] * size  # of each column
    for new_row in range(size):
        # Dijkstra over reduced costs, from the new row to the nearest column without a row.
        distance, came_from = [math.inf] * size, [-1] * size
        done: list[int] = []
        row, reached, column = new_row, 0.0, -1
        while row >= 0:
            for j in range(size):
                step = reached + cost[row][j] - row_price[row] - column_price[j]
                if j not in done and step < distance[j]:
                    distance[j], came_from[j] = step, column
            column = min((j for j in range(size) if j not in done), key=distance.__getitem__)
            reached = distance[column]
            done.append(column)
            row = row_of[column]
        row_price[new_row] += reached
        for j in done[:-1]:
            column_price[j] -= reached - distance[j]
            row_price[row_of[j]] += reached - distance[j]
        while column >= 0:  # along the path, each column takes the row of the column before
            before = came_from[column]
            row_of[column] = row_of[before] if before >= 0 else new_row
            column = before
    return [row_of.index(row) for row in range(size)]
