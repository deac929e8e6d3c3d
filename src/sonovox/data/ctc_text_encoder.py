"""Sequences of labels <-> whole numbers, with the blank of connectionist temporal classification (CTC).

A. Graves et al., "Connectionist temporal classification: labelling unsegmented sequence data with
recurrent neural networks", ICML 2006.
"""

import itertools
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from sonovox._internal.errors import UnknownKeyError
from sonovox.data.text_encoder import TextEncoder

__all__ = ["CTCTextEncoder"]


class CTCTextEncoder(TextEncoder):
    """A `TextEncoder` with a blank, which can collapse what a CTC model says at each frame.

    Args:
        starting_index: the index of the first label.
        special_labels: as of `TextEncoder`, and `blank_label`: a label, or the index at which the default
            label is inserted.

    >>> encoder = CTCTextEncoder()
    >>> encoder.insert_blank(index=0)
    >>> encoder.update_from_iterable(["yes", "no"])
    >>> frames = encoder.collapse_indices_ndim([[0, 1, 1, 0, 2, 2, 2, 3, 0]])
    >>> encoder.decode_ndim(frames)
    [['y', 'e', 's']]
    """

    _SPECIAL: tuple[str, ...] = ("unk_label", "bos_label", "eos_label", "blank_label")
    blank_label: Hashable

    def handle_special_labels(self, special_labels: Mapping[str, Any]) -> None:
        blank = special_labels.get("blank_label")  # the first, as in SpeechBrain, which decides who has to move
        if isinstance(blank, int):
            self.insert_blank(index=blank)
        elif blank is not None:
            self.add_blank(blank)
        super().handle_special_labels(special_labels)

    def add_blank(self, blank_label: Hashable = "<blank>") -> None:
        """Add the blank at the first free index."""
        self.add_label(blank_label)
        self.blank_label = blank_label

    def insert_blank(self, blank_label: Hashable = "<blank>", index: int = 0) -> None:
        """Add the blank at this index; a label that had it moves to the first free one."""
        self.insert_label(blank_label, index)
        self.blank_label = blank_label

    def get_blank_index(self) -> int:
        """The index of the blank."""
        return self.lab2ind[self._blank()]

    def collapse_labels(self, x: Iterable[Any], merge_repeats: bool = True) -> list[Any]:
        """The labels that the frames of a CTC model spell.

        Args:
            x: a label for each frame.
            merge_repeats: several frames of one label in a row are one label, as CTC means them.

        >>> encoder = CTCTextEncoder(blank_label="_")
        >>> "".join(encoder.collapse_labels("hh_e_l_ll_lo"))
        'helllo'
        """
        return _collapsed(x, self._blank(), merge_repeats)

    def collapse_indices_ndim(self, x: Any, merge_repeats: bool = True) -> list[Any]:
        """As `collapse_labels`, for indices, in lists, arrays or tensors of any depth; the last axis is collapsed."""
        return _collapsed_ndim(x.tolist() if hasattr(x, "tolist") else x, self.get_blank_index(), merge_repeats)

    def _blank(self) -> Hashable:
        if not hasattr(self, "blank_label"):
            raise UnknownKeyError("blank_label was not set", hint="call insert_blank() or add_blank() first")
        return self.blank_label


def _collapsed_ndim(x: Any, blank: int, merge_repeats: bool) -> list[Any]:
    if len(x) and isinstance(x[0], list | tuple):
        return [_collapsed_ndim(part, blank, merge_repeats) for part in x]
    return _collapsed(x, blank, merge_repeats)


def _collapsed(x: Iterable[Any], blank: Any, merge_repeats: bool) -> list[Any]:
    runs = (label for label, _ in itertools.groupby(x)) if merge_repeats else x
    return [label for label in runs if label != blank]
