"""How long items are, from what is known of them, without reading sound."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.utils.data import Subset

from sonovox._internal.errors import ArgumentError
from sonovox.data.item_seed import item_id

__all__ = ["item_lengths"]


def item_lengths(
    dataset: Any, length_func: Callable[[Any], float], lengths_list: Sequence[float] | None = None
) -> list[float]:
    """The length of each item, in the dataset's order, in the unit of `length_func`.

    Args:
        dataset: a `DynamicItemDataset` (its static keys are looked at), a list of mappings, or
            a `Subset` of one.
        length_func: takes what is known of an item and gives its length.
        lengths_list: the lengths themselves; then the dataset is not looked at.

    Raises:
        ArgumentError: a list of another size, an item without a length, or a length that is
            negative or not finite; names the item.

    >>> item_lengths([{"duration": 1.5}, {"duration": 0.5}], lambda item: item["duration"])
    [1.5, 0.5]
    """
    if lengths_list is None:
        lengths = [_length(dataset, index, length_func) for index in range(len(dataset))]
    elif len(lengths_list) != len(dataset):
        raise ArgumentError(
            f"lengths_list must have one length for each of the {len(dataset)} items, got {len(lengths_list)}"
        )
    else:
        lengths = [float(length) for length in lengths_list]
    for index, length in enumerate(lengths):
        if not 0 <= length < float("inf"):
            raise ArgumentError(f"lengths must be finite and not negative, item {item_id(dataset, index)} has {length}")
    return lengths


def _length(dataset: Any, index: int, length_func: Callable[[Any], float]) -> float:
    known = _known(dataset, index)
    try:
        return float(length_func(known))
    except (KeyError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"item {item_id(dataset, index)} has no length that length_func could find: {error!r}",
            hint='give each item a "duration" in seconds, or give lengths_list=',
        ) from error


def _known(dataset: Any, index: int) -> Mapping[str, Any]:
    """What is known of an item before anything is computed."""
    if isinstance(dataset, Subset):
        return _known(dataset.dataset, dataset.indices[index])
    if hasattr(dataset, "data_ids"):
        return dataset.data[dataset.data_ids[index]]
    if isinstance(dataset, Sequence):
        return dataset[index]
    raise ArgumentError(
        f"lengths of a {type(dataset).__name__} cannot be known without computing its items",
        hint="give lengths_list=",
    )
