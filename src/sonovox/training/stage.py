"""What a pass over data is for."""

from enum import Enum, auto

__all__ = ["Stage"]


class Stage(Enum):
    """What a pass over data is for: to learn, to watch the learning, or to judge the result.

    >>> Stage.VALID.name
    'VALID'
    """

    TRAIN = auto()
    VALID = auto()
    TEST = auto()
