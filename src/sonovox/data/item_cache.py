"""Computed values that are kept: in memory up to a size, or in files."""

import copy
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import DataError
from sonovox._internal.files import write_bytes

__all__ = ["FolderCache", "MemoryCache"]


class MemoryCache:
    """Values in memory. What came first stays: in epochs that visit every item once, making room would help nobody.

    Args:
        keys: to keep.
        max_bytes: of all values together.

    >>> cache = MemoryCache(frozenset({"sig"}), max_bytes=100)
    >>> cache.put("u1", "sig", torch.ones(20))
    >>> cache.put("u2", "sig", torch.ones(20))
    >>> cache.get("u1", "sig")[0], cache.get("u2", "sig")[0]
    (True, False)
    """

    def __init__(self, keys: frozenset[str], max_bytes: int) -> None:
        check_positive("max_bytes", max_bytes)
        self.keys = keys
        self._values: dict[tuple[str, str], Any] = {}
        self._free = max_bytes

    def get(self, item_id: str, key: str) -> tuple[bool, Any]:
        """Whether the value is there, and a copy of it, which may be changed."""
        value = self._values.get((item_id, key), _MISSING)
        return (False, None) if value is _MISSING else (True, copy.deepcopy(value))

    def put(self, item_id: str, key: str, value: Any) -> None:
        """Keep a copy of a value, if there is room."""
        size = _size_of(value)
        if size <= self._free and (item_id, key) not in self._values:
            self._values[item_id, key] = copy.deepcopy(value)
            self._free -= size


class FolderCache:
    """Values in files, one a value: tensors and arrays as safetensors, what JSON has as JSON.

    Args:
        keys: to keep.
        folder: where; it is made when the first value is written.
    """

    def __init__(self, keys: frozenset[str], folder: str | os.PathLike[str]) -> None:
        self.keys = keys
        self.folder = Path(folder)

    def get(self, item_id: str, key: str) -> tuple[bool, Any]:
        """Whether the value is there, and the value. A file that cannot be read counts as none."""
        path = self._path(item_id, key)
        try:
            if (tensor_file := path.with_suffix(".safetensors")).is_file():
                with safe_open(tensor_file, framework="pt") as file:
                    value = file.get_tensor("value")
                    return True, value.numpy() if (file.metadata() or {}).get("kind") == "array" else value
            return True, json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError, SafetensorError):
            return False, None

    def put(self, item_id: str, key: str, value: Any) -> None:
        """Write a value; crash-safe.

        Raises:
            DataError: a value that is no tensor, no array, and not what JSON has.
        """
        path = self._path(item_id, key)
        if isinstance(value, Tensor | np.ndarray):
            tensor = torch.as_tensor(value).detach().cpu().contiguous()
            kind = "array" if isinstance(value, np.ndarray) else "tensor"
            write_bytes(path.with_suffix(".safetensors"), save({"value": tensor}, {"kind": kind}))
            return
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            text = ""
        if not text or json.loads(text) != value:
            raise DataError(
                f"key {key!r} of item {item_id!r} cannot be kept in a file: {type(value).__name__}",
                hint="keep tensors, text, numbers or lists of them; or leave the folder away, to keep it in memory",
            )
        write_bytes(path.with_suffix(".json"), text.encode())

    def _path(self, item_id: str, key: str) -> Path:
        # Ids may hold any letters, so that their hash is the name; a level of folders keeps each of a moderate size.
        name = hashlib.sha256(json.dumps([item_id, key]).encode()).hexdigest()[:32]
        return self.folder / name[:2] / name


_MISSING: Any = object()


def _size_of(value: Any) -> int:
    """About how many bytes a value takes."""
    if isinstance(value, Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, list | tuple | set):
        return 8 * len(value) + sum(map(_size_of, value))
    if isinstance(value, dict):
        return sum(_size_of(key) + _size_of(part) for key, part in value.items())
    return 32
