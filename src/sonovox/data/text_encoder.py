"""Sequences of labels (characters, phonemes, words) <-> whole numbers, with marks of beginning and end."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, UnknownKeyError
from sonovox.data.categorical_encoder import CategoricalEncoder
from sonovox.data.dataset import DynamicItemDataset

__all__ = ["TextEncoder"]


class TextEncoder(CategoricalEncoder):
    """A `CategoricalEncoder` of sequences, which can mark where a sentence begins and ends.

    Args:
        starting_index: the index of the first label.
        special_labels: `unk_label`; `bos_label` and `eos_label`, each a label, or the index at which the
            default label is inserted.

    >>> encoder = TextEncoder()
    >>> encoder.update_from_iterable(["ab", "bc"])
    >>> encoder.insert_bos_eos(bos_index=0)
    >>> encoder.append_eos_index(encoder.encode_sequence("cab")), encoder.lab2ind
    ([2, 3, 4, 1], {'a': 3, 'b': 4, 'c': 2, '<bos>': 0, '<eos>': 1})
    """

    _SPECIAL: tuple[str, ...] = ("unk_label", "bos_label", "eos_label")
    bos_label: Hashable
    eos_label: Hashable

    def handle_special_labels(self, special_labels: Mapping[str, Any]) -> None:
        super().handle_special_labels(special_labels)
        marks = [special_labels[name] for name in ("bos_label", "eos_label") if name in special_labels]
        if len(marks) == 1:
            raise ArgumentError("bos_label and eos_label go together, got one of them", hint="give both")
        if marks and all(isinstance(mark, int) for mark in marks):
            self.insert_bos_eos(bos_index=marks[0], eos_index=marks[1])
        elif marks:
            self.add_bos_eos(*marks)

    def update_from_iterable(self, iterable: Iterable[Any], sequence_input: bool = True) -> None:
        super().update_from_iterable(iterable, sequence_input)

    def update_from_didataset(
        self, didataset: DynamicItemDataset, output_key: str, sequence_input: bool = True
    ) -> None:
        super().update_from_didataset(didataset, output_key, sequence_input)

    def limited_labelset_from_iterable(
        self,
        iterable: Iterable[Any],
        sequence_input: bool = True,
        n_most_common: int | None = None,
        min_count: int = 1,
    ) -> Any:
        return super().limited_labelset_from_iterable(iterable, sequence_input, n_most_common, min_count)

    def add_bos_eos(self, bos_label: Hashable = "<bos>", eos_label: Hashable = "<eos>") -> None:
        """Add marks of beginning and end at the first free indices; one, if both are the same label."""
        self.bos_label, self.eos_label = bos_label, eos_label
        self.add_label(bos_label)
        self.ensure_label(eos_label)

    def insert_bos_eos(
        self,
        bos_label: Hashable = "<bos>",
        eos_label: Hashable = "<eos>",
        bos_index: int = 0,
        eos_index: int | None = None,
    ) -> None:
        """Add marks of beginning and end at these indices; labels that had them move to free ones.

        Args:
            bos_label: mark of the beginning.
            eos_label: mark of the end; if it is the same, there is one mark, at `bos_index`.
            bos_index: of the beginning.
            eos_index: of the end; `bos_index + 1` when None.
        """
        self.bos_label, self.eos_label = bos_label, eos_label
        self.insert_label(bos_label, bos_index)
        if eos_label != bos_label:
            self.insert_label(eos_label, bos_index + 1 if eos_index is None else eos_index)

    def get_bos_index(self) -> int:
        """The index of the mark of the beginning."""
        return self.lab2ind[self._mark("bos_label")]

    def get_eos_index(self) -> int:
        """The index of the mark of the end."""
        return self.lab2ind[self._mark("eos_label")]

    def prepend_bos_label(self, x: Iterable[Any]) -> list[Any]:
        """The labels after the mark of the beginning."""
        return [self._mark("bos_label"), *x]

    def prepend_bos_index(self, x: Any) -> Any:
        """The indices after that of the beginning: a list, or a tensor `(count + 1,)` of a tensor `(count,)`."""
        return _joined(x, self.get_bos_index(), at_end=False)

    def append_eos_label(self, x: Iterable[Any]) -> list[Any]:
        """The labels before the mark of the end."""
        return [*x, self._mark("eos_label")]

    def append_eos_index(self, x: Any) -> Any:
        """The indices before that of the end: a list, or a tensor `(count + 1,)` of a tensor `(count,)`."""
        return _joined(x, self.get_eos_index(), at_end=True)

    def _mark(self, name: str) -> Hashable:
        if not hasattr(self, name):
            raise UnknownKeyError(f"{name} was not set", hint="call insert_bos_eos() or add_bos_eos() first")
        return getattr(self, name)


def _joined(x: Any, index: int, *, at_end: bool) -> Any:
    if not isinstance(x, Tensor):
        return [*x, index] if at_end else [index, *x]
    if x.dim() != 1:
        raise ArgumentError(f"x must be (count,), got shape {tuple(x.shape)}", hint="mark items before they are padded")
    mark = x.new_tensor([index])
    return torch.cat([x, mark] if at_end else [mark, x])
