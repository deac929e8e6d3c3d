"""Random numbers for each item of a batch: a function of the item's seed and of nothing else.

Numbers are computed from their place in the sequence, not one from another, so those of all items
come at once, on any device, and the n-th number of an item does not depend on the batch that the
item is in nor on the length to which the batch is padded. The mixing is that of SplitMix64: Steele,
Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from sonovox._internal.derive_seed import derive_seed
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import first_samples

__all__ = ["ItemRandom", "item_seeds"]


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >= 1 << 63 else bits


# Of SplitMix64, as int64, in which torch computes modulo 2**64.
_GAMMA = _signed(0x9E3779B97F4A7C15)
_FACTORS = ((30, _signed(0xBF58476D1CE4E5B9)), (27, _signed(0x94D049BB133111EB)))
_UNIT = 2.0**-24  # the step of a float32 in [0.5, 1)


def item_seeds(seed: int, epoch: int, ids: Iterable[str]) -> Tensor:
    """A seed for each item, for `seeds=` of the augmentations: a function of (seed, epoch, id).

    Args:
        seed: of the experiment.
        epoch: of the training.
        ids: names of the items in the batch, such as `batch.id`.

    Returns:
        `(batch,)`, int64, on the CPU.

    >>> item_seeds(1234, 0, ["utt1", "utt2"])
    tensor([ 8432174363113626905, -3909576520063129578])
    """
    return torch.tensor([_signed(derive_seed(seed, epoch, name)) for name in ids], dtype=torch.int64)


class ItemRandom:
    """Draws random numbers for each item of a batch; every call gives new ones.

    Args:
        seeds: `(batch,)`, integers; drawn from torch's global generator when None.
        batch: how many items there are.
        device: on which numbers are wanted.

    Raises:
        ArgumentError: seeds of another shape, or that are no integers.

    >>> random = ItemRandom(torch.tensor([1, 2]), 2)
    >>> random.integers(0, 9, 4)
    tensor([[3, 9, 3, 4],
            [4, 2, 2, 7]])
    >>> random.integers(0, 9, 4)  # another call, other numbers
    tensor([[5, 0, 8, 1],
            [6, 4, 8, 0]])
    >>> ItemRandom(torch.tensor([2]), 1).integers(0, 9, 4)  # the second item alone
    tensor([[4, 2, 2, 7]])
    """

    def __init__(self, seeds: Tensor | None, batch: int, device: torch.device | str = "cpu") -> None:
        if seeds is None:
            seeds = torch.randint(-(2**63), 2**63 - 1, (batch,))
        if seeds.shape != (batch,) or seeds.is_floating_point() or seeds.is_complex():
            kind = str(seeds.dtype).removeprefix("torch.")
            raise ArgumentError(
                f"seeds must be ({batch},), one integer an item, got {kind} of shape {tuple(seeds.shape)}",
                hint="item_seeds(seed, epoch, batch.id) makes them",
            )
        self._keys = _mixed(seeds.to(device=device, dtype=torch.int64))
        self._calls = 0

    def uniform(self, low: float | Tensor, high: float | Tensor, *shape: int) -> Tensor:
        """`(batch, *shape)`, float32, in [low, high); bounds broadcast against it."""
        return low + _shifted(self._bits(*shape), 40).to(torch.float32) * _UNIT * (high - low)

    def integers(self, low: int | Tensor, high: int | Tensor, *shape: int) -> Tensor:
        """`(batch, *shape)`, int64, from low to high, both of which may come; `low` where high is below it."""
        span = high - low + 1  # below 2**31
        span = span.clamp_min(1) if isinstance(span, Tensor) else max(span, 1)
        return low + _shifted(_shifted(self._bits(*shape), 32) * span, 32)

    def normal(self, *shape: int) -> Tensor:
        """`(batch, *shape)`, float32, of mean 0 and variance 1.

        In pairs by Box and Muller, "A note on the generation of random normal deviates", 1958.
        """
        count = math.prod(shape)
        bits = self._bits((count + 1) // 2)
        radius = ((_shifted(bits, 40) + 1) * _UNIT).log_().mul_(-2.0).sqrt_()  # never the logarithm of 0
        angle = (bits & 0xFFFFFF) * (2.0 * math.pi * _UNIT)
        pairs = torch.stack((radius * angle.cos(), radius * angle.sin()), -1)
        return first_samples(pairs.flatten(1), count).reshape(pairs.shape[0], *shape)

    def seeds(self) -> Tensor:
        """`(batch,)`, int64: seeds of the items for what draws numbers of its own."""
        return self._bits()

    def _bits(self, *shape: int) -> Tensor:
        """`(batch, *shape)`, 64 random bits each."""
        self._calls += 1
        keys = _mixed(self._keys + _signed(self._calls * _GAMMA % (1 << 64)))
        places = torch.arange(1, math.prod(shape) + 1, device=keys.device).reshape(shape)
        return _mixed(keys.reshape(-1, *(1 for _ in shape)) + _GAMMA * places)


def _shifted(bits: Tensor, places: int) -> Tensor:
    """To the right, zeros coming in: `>>` of int64 would repeat the sign."""
    return (bits >> places) & ((1 << (64 - places)) - 1)


def _mixed(bits: Tensor) -> Tensor:
    for places, factor in _FACTORS:
        bits = (bits ^ _shifted(bits, places)).mul_(factor)
    return bits ^ _shifted(bits, 31)
