"""Labels of any kind <-> whole numbers."""

import collections
import itertools
import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, DataError, UnknownKeyError
from sonovox.data.dataset import DynamicItemDataset
from sonovox.data.label_file import read_labels, write_labels

__all__ = ["CategoricalEncoder"]

Self = TypeVar("Self", bound="CategoricalEncoder")


class CategoricalEncoder:
    """Gives each label an index, in the order in which the labels come.

    Args:
        starting_index: the index of the first label.
        special_labels: `unk_label`, the label that stands for unknown ones (see `add_unk`).

    Attributes:
        lab2ind: label -> index.
        ind2lab: index -> label.

    >>> encoder = CategoricalEncoder()
    >>> encoder.update_from_iterable(["dog", "cat", "dog"])
    >>> encoder.encode_sequence(["cat", "dog"]), encoder.decode_ndim([[1], [0, 0]])
    ([1, 0], [['cat'], ['dog', 'dog']])
    """

    # Special labels and the attribute under which each is known, also in the file.
    _SPECIAL: tuple[str, ...] = ("unk_label",)

    def __init__(self, starting_index: int = 0, **special_labels: Any) -> None:
        self.starting_index = starting_index
        self.lab2ind: dict[Any, int] = {}
        self.ind2lab: dict[int, Any] = {}
        self._expected_len: int | None = None
        self._free_from = starting_index  # no index below it is free
        self.handle_special_labels(special_labels)

    def __len__(self) -> int:
        return len(self.lab2ind)

    def __contains__(self, label: object) -> bool:
        return label in self.lab2ind

    def handle_special_labels(self, special_labels: Mapping[str, Any]) -> None:
        """Add the special labels that the constructor and `load_or_create` were given.

        Raises:
            ArgumentError: a name that this encoder does not have.
        """
        known = [name for name in self._SPECIAL if name.endswith("_label")]
        for name in special_labels:
            if name not in known:
                raise ArgumentError(
                    f"special labels of {type(self).__name__} are {', '.join(known)}, got {name!r}",
                    hint=did_you_mean(name, known),
                )
        if "unk_label" in special_labels:
            self.add_unk(special_labels["unk_label"])

    @classmethod
    def from_saved(cls: type[Self], path: str | os.PathLike[str]) -> Self:
        """The encoder that `save` wrote; see `load`."""
        encoder = cls()
        encoder.load(path)
        return encoder

    def update_from_iterable(self, iterable: Iterable[Any], sequence_input: bool = False) -> None:
        """Add the labels that are not there yet.

        Args:
            iterable: labels, or sequences of labels.
            sequence_input: each element is a sequence of labels.
        """
        for label in itertools.chain.from_iterable(iterable) if sequence_input else iterable:
            self.ensure_label(label)

    def update_from_didataset(
        self, didataset: DynamicItemDataset, output_key: str, sequence_input: bool = False
    ) -> None:
        """Add the labels of one key of a data set; only that key is computed.

        Args:
            didataset: the data set.
            output_key: a static or computed key.
            sequence_input: its value is a sequence of labels.
        """
        self.update_from_iterable(didataset.column(output_key), sequence_input)

    def limited_labelset_from_iterable(
        self,
        iterable: Iterable[Any],
        sequence_input: bool = False,
        n_most_common: int | None = None,
        min_count: int = 1,
    ) -> "collections.Counter[Any]":
        """The count of every label, after the frequent ones were added, the most frequent first.

        Args:
            iterable: labels, or sequences of labels.
            sequence_input: each element is a sequence of labels.
            n_most_common: add at most so many; None for no limit.
            min_count: add those that occur so often.
        """
        counts = collections.Counter(itertools.chain.from_iterable(iterable) if sequence_input else iterable)
        for label, count in counts.most_common(n_most_common):
            if count >= min_count:
                self.add_label(label)
        return counts

    def load_or_create(
        self,
        path: str | os.PathLike[str],
        from_iterables: Sequence[Iterable[Any]] = (),
        from_didatasets: Sequence[DynamicItemDataset] = (),
        sequence_input: bool = False,
        output_key: str | None = None,
        special_labels: Mapping[str, Any] | None = None,
    ) -> None:
        """Load the labels from a file; where there is none, collect them and save them there.

        Under several processes all collect the same labels, and each writes the file whole.

        Args:
            path: of the file.
            from_iterables: labels, or sequences of labels, from here,
            from_didatasets: and from data sets,
            sequence_input: each is a sequence of labels.
            output_key: key of the data sets.
            special_labels: as for the constructor; their indices are taken after the others were collected.

        Raises:
            ArgumentError: data sets without `output_key`.
            DataError: a file that is not in the format, or with other special labels.
        """
        if self.load_if_possible(path):
            return
        if from_didatasets and output_key is None:
            raise ArgumentError("from_didatasets needs output_key", hint="name the key that holds the labels")
        for iterable in from_iterables:
            self.update_from_iterable(iterable, sequence_input)
        for didataset in from_didatasets:
            self.update_from_didataset(didataset, str(output_key), sequence_input)
        self.handle_special_labels(special_labels or {})
        self.save(path)

    def add_label(self, label: Hashable) -> int:
        """The index of a new label: the first that is free.

        Raises:
            UnknownKeyError: it is there already.
        """
        self._check_new(label)
        return self._set(label, self._next_index())

    def ensure_label(self, label: Hashable) -> int:
        """The index of a label, which is added if it is not there."""
        index = self.lab2ind.get(label)
        return self._set(label, self._next_index()) if index is None else index

    def insert_label(self, label: Hashable, index: int) -> None:
        """Give a new label this index; the label that had it moves to the first free one.

        Raises:
            UnknownKeyError: it is there already; see `enforce_label`.
        """
        self._check_new(label)
        self.enforce_label(label, index)

    def enforce_label(self, label: Hashable, index: int) -> None:
        """Give a label this index, new or not; another label that had it moves to the first free one."""
        if label in self.lab2ind:
            if self.lab2ind[label] == index:
                return
            freed = self.lab2ind.pop(label)
            del self.ind2lab[freed]
            self._free_from = min(self._free_from, max(freed, self.starting_index))
        displaced = [self.ind2lab[index]] if index in self.ind2lab else []
        self._set(label, index)
        for other in displaced:
            self._set(other, self._next_index())

    def add_unk(self, unk_label: Hashable = "<unk>") -> int:
        """The index of the label that stands for unknown ones, added if it is not there."""
        self.unk_label = unk_label
        return self.ensure_label(unk_label)

    def is_continuous(self) -> bool:
        """Whether the indices follow each other from `starting_index`."""
        return self.ind2lab.keys() == set(range(self.starting_index, self.starting_index + len(self.ind2lab)))

    def expect_len(self, expected_len: int) -> None:
        """From now on, encoding and decoding refuse to work unless there are so many labels."""
        self._expected_len = expected_len

    def ignore_len(self) -> None:
        """Take `expect_len` back."""
        self._expected_len = None

    def encode_label(self, label: Hashable, allow_unk: bool = True) -> int:
        """The index of a label.

        Args:
            label: to look up.
            allow_unk: take the index of the unknown label, where there is one, for labels that are not there.

        Raises:
            UnknownKeyError: it is not there.
            DataError: the number of labels is not that of `expect_len`.
        """
        self._check_len()
        return self._index_of(label, allow_unk)

    def encode_label_torch(self, label: Hashable, allow_unk: bool = True) -> Tensor:
        """The index of a label as a tensor `(1,)` in int64; see `encode_label`."""
        return torch.tensor([self.encode_label(label, allow_unk)])

    def encode_sequence(self, sequence: Iterable[Hashable], allow_unk: bool = True) -> list[int]:
        """The indices of labels; see `encode_label`."""
        self._check_len()
        return [self._index_of(label, allow_unk) for label in sequence]

    def encode_sequence_torch(self, sequence: Iterable[Hashable], allow_unk: bool = True) -> Tensor:
        """The indices of labels as a tensor `(count,)` in int64; see `encode_label`."""
        return torch.tensor(self.encode_sequence(sequence, allow_unk), dtype=torch.int64)

    def decode_torch(self, x: Tensor) -> Any:
        """Labels of a tensor of indices, in nested lists of its shape."""
        return self.decode_ndim(x)

    def decode_ndim(self, x: Any) -> Any:
        """Labels of indices: one, or nested lists, arrays or tensors of them, in nested lists of the same shape.

        Raises:
            UnknownKeyError: an index that no label has.
        """
        self._check_len()
        return _mapped(x.tolist() if hasattr(x, "tolist") else x, self._label_of)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the labels as text; see `sonovox.data.label_file`."""
        write_labels(path, self.lab2ind, self._extras())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Replace the labels by those of a file of `save` or of SpeechBrain.

        Raises:
            FileNotFoundError: there is none.
            DataError: it is not in the format.
        """
        labels, extras = read_labels(path)
        if "starting_index" not in extras:
            raise DataError(f"{path}: 'starting_index' => index was expected at the end", hint="is the file whole?")
        self.lab2ind = labels
        self.ind2lab = {index: label for label, index in labels.items()}
        self.starting_index = self._free_from = extras["starting_index"]
        for name in self._SPECIAL:
            if name in extras:
                setattr(self, name, extras[name])

    def load_if_possible(self, path: str | os.PathLike[str], end_of_epoch: bool = False) -> bool:
        """Whether there was a file, which is loaded; `end_of_epoch` changes nothing, checkpointers pass it."""
        if not Path(path).exists():
            return False
        self.load(path)
        return True

    def _extras(self) -> dict[str, Any]:
        extras: dict[str, Any] = {"starting_index": self.starting_index}
        return extras | {name: getattr(self, name) for name in self._SPECIAL if hasattr(self, name)}

    def _index_of(self, label: Hashable, allow_unk: bool) -> int:
        index = self.lab2ind.get(label)
        if index is not None:
            return index
        if allow_unk and hasattr(self, "unk_label"):
            return self.lab2ind[self.unk_label]
        near = (
            did_you_mean(label, [name for name in self.lab2ind if isinstance(name, str)])
            if isinstance(label, str)
            else ""
        )
        why = "add_unk() adds a label for unknown ones" if allow_unk else "allow_unk=False excludes the unknown label"
        raise UnknownKeyError(f"there is no label {label!r} among {len(self)}", hint=near or why)

    def _label_of(self, index: Any) -> Any:
        try:
            return self.ind2lab[index]
        except (KeyError, TypeError):
            indices = f"{min(self.ind2lab)} to {max(self.ind2lab)}" if self.ind2lab else "none"
            raise UnknownKeyError(f"no label has index {index!r}; there are {indices}") from None

    def _check_new(self, label: Hashable) -> None:
        if label in self.lab2ind:
            raise UnknownKeyError(
                f"label {label!r} is there already, with index {self.lab2ind[label]}",
                hint="ensure_label accepts that, enforce_label moves it",
            )

    def _check_len(self) -> None:
        if self._expected_len is not None and len(self) != self._expected_len:
            raise DataError(
                f"expect_len({self._expected_len}) was called, but there are {len(self)} labels",
                hint="was the encoder made from other data?",
            )

    def _set(self, label: Hashable, index: int) -> int:
        self.lab2ind[label] = index
        self.ind2lab[index] = label
        return index

    def _next_index(self) -> int:
        while self._free_from in self.ind2lab:
            self._free_from += 1
        return self._free_from


def _mapped(x: Any, look_up: Callable[[Any], Any]) -> Any:
    return [_mapped(part, look_up) for part in x] if isinstance(x, list | tuple) else look_up(x)
