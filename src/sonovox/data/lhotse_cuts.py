"""Cuts of Lhotse as items; Lhotse itself is not imported.

The names of attributes: https://lhotse.readthedocs.io/en/latest/cuts.html
"""

from collections.abc import Iterable
from typing import Any

from sonovox._internal.errors import ArgumentError, DataError

__all__ = ["read_lhotse"]


def read_lhotse(cuts: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Items of cuts: "audio" (the cut, which `read_audio` loads), "duration", and what its supervisions say.

    These are "text", joined by spaces, and "speaker" and "language" where all supervisions agree.

    Args:
        cuts: things with `id`, `duration`, `supervisions` and `load_audio()`.

    Raises:
        ArgumentError: things without these.
        DataError: an id that stands twice.
    """
    items: dict[str, dict[str, Any]] = {}
    for cut in cuts:
        if missing := [name for name in ("id", "duration", "supervisions", "load_audio") if not hasattr(cut, name)]:
            raise ArgumentError(
                f"cuts must have {', '.join(missing)}, got {type(cut).__name__}",
                hint="give a CutSet; recordings become one with CutSet.from_manifests",
            )
        if cut.id in items:
            raise DataError(f"ids must differ, {cut.id!r} stands twice", hint="cuts.modify_ids makes them differ")
        items[cut.id] = {"audio": cut, "duration": float(cut.duration), **_said(cut.supervisions)}
    return items


def _said(supervisions: Iterable[Any]) -> dict[str, str]:
    found = list(supervisions)
    texts = [text for one in found if (text := getattr(one, "text", None)) is not None]
    said = {"text": " ".join(texts)} if texts else {}
    for name in ("speaker", "language"):
        values = {getattr(one, name, None) for one in found}
        if len(values) == 1 and None not in values:
            said[name] = str(values.pop())
    return said
