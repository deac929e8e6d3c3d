"""How much a YAML file may ask for.

A model folder comes from a stranger, so its file is bounded in every direction
in which a short text can grow: bytes, depth, aliases, numbers, weights. The
bounds are far above the largest published model and far below what stalls a
machine. A file of one's own has bounds that only a mistake reaches.
"""

from dataclasses import dataclass

__all__ = ["LimitExceeded", "Limits", "OPEN", "STRICT"]


class LimitExceeded(BaseException):
    """What a constructor does has come to its limit; it passes through whatever the constructor itself catches."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one load, included files together.

    Attributes:
        file_bytes: of all texts.
        depth: of lists and mappings inside each other, and of references to references.
        nodes: of the tree, once all aliases, references and copies are counted as if they were written out.
        text: characters of one text that a reference puts together.
        digits: of a whole number; results of arithmetic too.
        weights: numbers in all tensors that constructors and functions make; None: as many as they like.
        computed: those of them that are computed, not merely allocated and filled; None: as many as they like.
        tensors: how many tensors they make; None: as many as they like.
        calls: Python calls inside them; None: as many as they like.
    """

    file_bytes: int
    depth: int
    nodes: int
    text: int
    digits: int
    weights: int | None
    computed: int | None
    tensors: int | None
    calls: int | None


STRICT = Limits(
    file_bytes=2**16,
    depth=32,
    nodes=20_000,
    text=2**14,
    digits=18,
    weights=5 * 10**8,
    computed=25 * 10**7,
    tensors=6_000,
    calls=100_000,
)
OPEN = Limits(
    file_bytes=2**23,
    depth=48,
    nodes=1_000_000,
    text=2**20,
    digits=300,
    weights=None,
    computed=None,
    tensors=None,
    calls=None,
)
