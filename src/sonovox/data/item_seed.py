"""Random numbers of an item: a function of (seed, epoch, item id), whichever process computes it."""

import contextlib
import functools
import random
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.random import mtrand
from torch.utils.data import Subset

__all__ = ["item_id", "kept_random_states", "seed_random_states"]


def item_id(dataset: Any, index: int) -> str:
    """The name of item `index`, without computing the item.

    It is `dataset.data_ids[index]` where the dataset knows ids, as a `DynamicItemDataset`
    does, and the index itself where it does not. A `torch.utils.data.Subset` is looked
    through, so that an item keeps its name in it.

    >>> item_id(Subset(["a", "b", "c"], [2, 0]), 0)
    '2'
    """
    if isinstance(dataset, Subset):
        return item_id(dataset.dataset, dataset.indices[index])
    ids = getattr(dataset, "data_ids", None)
    return str(index if ids is None else ids[index])


def seed_random_states(seed: int) -> None:
    """Seed the global generators of torch (CPU), numpy and Python with the 64 bits of `seed`.

    Generators of other devices are left alone: items are computed on the CPU.
    """
    torch.default_generator.manual_seed(seed)  # torch.manual_seed asks every backend, at 100 times the price
    np.random.seed(seed & 0xFFFFFFFF)  # pipelines draw from the global generator
    random.seed(seed)


@contextlib.contextmanager
def kept_random_states() -> Iterator[None]:
    """Whatever the block draws, the three global generators afterwards stand where they stood before it.

    The block must seed them before it draws: numpy's stands anywhere at its beginning.
    """
    torch_state, python_state = torch.default_generator.get_state(), random.getstate()
    # To put another generator in the place of numpy's costs a third of what a copy of its state does, forth and
    # back. Only the second of a pair of normal numbers, where one waits, lies outside of it.
    generator, rest = mtrand.get_bit_generator(), np.random.get_state(legacy=False) if _normal_waits() else None
    mtrand.set_bit_generator(_stand_in())
    try:
        yield
    finally:
        torch.default_generator.set_state(torch_state)
        random.setstate(python_state)
        mtrand.set_bit_generator(generator)
        if rest is not None:
            np.random.set_state(rest)


class _NoState:
    """In the place of a bit generator, whose whole state NumPy copies number by number (32 µs)."""

    state: ClassVar = {"bit_generator": "MT19937"}


def _normal_waits() -> bool:
    """Whether NumPy's global generator holds the second of a pair of normal numbers."""
    try:
        singleton: Any = mtrand._rand
        generator = singleton._bit_generator
        singleton._bit_generator = _NoState  # only asked for its state; draws go through a pointer beside it
    except (AttributeError, TypeError):  # another NumPy, which has it elsewhere
        return _has_normal()
    try:
        return _has_normal()
    finally:
        singleton._bit_generator = generator


def _has_normal() -> bool:
    return bool(np.random.get_state(legacy=False)["has_gauss"])


@functools.cache
def _stand_in() -> np.random.MT19937:
    return np.random.MT19937()
