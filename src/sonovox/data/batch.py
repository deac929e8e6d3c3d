"""A batch of items: tensors padded to the longest, with lengths as shares of it; everything else in lists."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.utils.data import default_convert

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, DataError, UnknownKeyError
from sonovox.data.padding import batch_pad_right

__all__ = ["PaddedBatch", "PaddedData"]

Self = TypeVar("Self", bound="PaddedBatch")


class PaddedData(NamedTuple):
    """A padded tensor and the lengths of its items.

    Attributes:
        data: `(batch, longest time, ...)`.
        lengths: `(batch,)`, shares of the longest in (0, 1].
    """

    data: Tensor
    lengths: Tensor


class PaddedBatch:
    """What a loader makes of a list of items: each key is an attribute, and unpacking gives them in their order.

    Tensors (and arrays) with a time axis become `PaddedData`. Of the rest, numbers and scalars become one
    tensor; text, lists and other things stay in a list. Read `batch.sig`, or `batch["sig"]`.

    Args:
        examples: items, mappings with the same keys.
        padded_keys: keys to pad; all whose values are tensors when None.
        device_prep_keys: keys that `to` and `pin_memory` reach; all tensors when None.
        padding_func: gives padded data and relative lengths of a list of tensors.
        padding_kwargs: for `padding_func`.
        per_key_padding_kwargs: key -> further arguments for `padding_func`.
        apply_default_convert: turn arrays into tensors.
        nonpadded_stack: turn numbers into tensors; False leaves them in lists.

    Raises:
        DataError: no items, keys that are missing, or shapes that do not fit, with key and id.

    >>> batch = PaddedBatch([{"id": "a", "sig": torch.ones(2)}, {"id": "b", "sig": torch.ones(4)}])
    >>> batch.sig.lengths
    tensor([0.5000, 1.0000])
    >>> ids, (signals, lengths) = batch
    >>> ids, signals.shape
    (['a', 'b'], torch.Size([2, 4]))
    """

    def __init__(
        self,
        examples: Sequence[Mapping[str, Any]],
        padded_keys: Iterable[str] | None = None,
        device_prep_keys: Iterable[str] | None = None,
        padding_func: Callable[..., tuple[Tensor, Tensor]] = batch_pad_right,
        padding_kwargs: Mapping[str, Any] | None = None,
        per_key_padding_kwargs: Mapping[str, Mapping[str, Any]] | None = None,
        apply_default_convert: bool = True,
        nonpadded_stack: bool = True,
    ) -> None:
        if len(examples) == 0:
            raise DataError("a batch must have at least one item, got none")
        self._length = len(examples)
        self._keys = list(examples[0])
        self._device_prep_keys = None if device_prep_keys is None else set(device_prep_keys)
        # Items of a data set know their id even where it was not asked for; then it is no part of the unpacking.
        ids = [example["id"] if "id" in example else getattr(example, "id", None) for example in examples]
        if None not in ids:
            self.id = ids
        to_pad = None if padded_keys is None else set(padded_keys)
        for key in self._keys:
            values = _values_of(key, examples, ids)
            if apply_default_convert:
                # Most values are text and tensors, which default_convert takes long to leave as they are.
                values = [value if isinstance(value, Tensor | str) else default_convert(value) for value in values]
            if key in to_pad if to_pad is not None else all(isinstance(v, Tensor) and v.dim() > 0 for v in values):
                settings = {**(padding_kwargs or {}), **(per_key_padding_kwargs or {}).get(key, {})}
                setattr(self, key, _padded(key, values, ids, padding_func, settings))
            else:
                setattr(self, key, _stacked(values) if nonpadded_stack else values)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys and key != "id":
            raise UnknownKeyError(self._has_no(key), hint=did_you_mean(str(key), self._keys))
        return getattr(self, key)

    def __getattr__(self, name: str) -> Any:
        # Reached for what is not there. No hint for private names, which copy and pickle look for.
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"{self._has_no(name)}; {did_you_mean(name, self._keys)}".removesuffix("; "))

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, key) for key in self._keys)

    def at_position(self, pos: int) -> Any:
        """The value of the key at this position, in the order of the keys."""
        return getattr(self, self._keys[pos])

    @property
    def batchsize(self) -> int:
        """Number of items."""
        return self._length

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """This batch, whose tensors were moved; the arguments are those of `torch.Tensor.to`.

        A dtype is for floating-point data. Integers keep theirs, and so do lengths, of which half precision would
        lose frames.
        """
        device = torch.empty(0).to(*args, **kwargs).device
        non_blocking = bool(kwargs.get("non_blocking", False))

        def move(tensor: Tensor, *, is_length: bool) -> Tensor:
            if is_length or not tensor.is_floating_point():
                return tensor.to(device, non_blocking=non_blocking)
            return tensor.to(*args, **kwargs)

        return self._change(move)

    def pin_memory(self: Self) -> Self:
        """This batch, whose tensors were moved to memory from which a GPU copies fast; loaders call it."""
        return self._change(lambda tensor, is_length: tensor.pin_memory())

    def _change(self: Self, change: Callable[..., Tensor]) -> Self:
        for key in self._keys:
            value = getattr(self, key)
            if self._device_prep_keys is not None and key not in self._device_prep_keys:
                continue
            if isinstance(value, PaddedData):
                value = PaddedData(change(value.data, is_length=False), change(value.lengths, is_length=True))
            elif isinstance(value, Tensor):
                value = change(value, is_length=False)
            setattr(self, key, value)
        return self

    def _has_no(self, key: object) -> str:
        return f"the batch has no key {key!r}; it has {', '.join(self._keys)}"


def _values_of(key: str, examples: Sequence[Mapping[str, Any]], ids: list[Any]) -> list[Any]:
    if hasattr(PaddedBatch, key) or key.startswith("_"):
        raise DataError(
            f"{key!r} cannot be a key of a batch, which has a method or a private name like it",
            hint=f'rename it, for example set_output_keys({{"{key.strip("_")}_value": "{key}"}})',
        )
    missing = [ids[i] if ids[i] is not None else i for i, example in enumerate(examples) if key not in example]
    if missing:
        raise DataError(f"all items of a batch must have the same keys, {missing} have no {key!r}")
    return [example[key] for example in examples]


def _padded(
    key: str, values: list[Any], ids: list[Any], pad: Callable[..., tuple[Tensor, Tensor]], settings: dict[str, Any]
) -> PaddedData:
    kinds = {type(value).__name__ for value in values if not isinstance(value, Tensor)}
    if kinds:
        raise DataError(f"key {key!r} can be padded where its values are tensors, got {', '.join(sorted(kinds))}")
    try:
        return PaddedData(*pad(values, **settings))
    except ArgumentError as error:
        raise DataError(f"key {key!r} of the items {ids}: {error.message}", hint=error.hint) from error


def _stacked(values: list[Any]) -> Any:
    """One tensor of numbers or of tensors of one shape; otherwise the list as it is."""
    if all(isinstance(value, bool | int | float) for value in values):
        # Whole numbers are int64, and with a fraction among them float64, as Python holds them.
        exact = torch.float64 if any(isinstance(value, float) for value in values) else None
        return torch.tensor(values, dtype=exact)
    if all(isinstance(value, Tensor) for value in values) and len({value.shape for value in values}) == 1:
        return torch.stack(values)
    return values
