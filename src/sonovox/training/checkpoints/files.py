"""What a checkpoint is on the disk: its files, how they are written, verified and read.

    CKPT+2026-11-21+08-21-34+00/
      model.json  model.safetensors     the state of one recoverable: tree and tensors
      tokenizer.ckpt                    what a recoverable with a save method of its own wrote
      CKPT.json                         meta, and the files of each recoverable
      CKPT.sha256                       the manifest: the sha256 of every file above

The manifest is written last and ends with the sha256 of its own lines, so one
changed bit anywhere is found. `sha256sum -c CKPT.sha256` checks it by hand.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import CheckpointError
from sonovox._internal.folders import atomic_folder
from sonovox.training.checkpoints.state_encoding import SAFETENSORS_DTYPES, decode_state, encode_state

__all__ = ["SavedIndex", "SavedPart", "files_of", "read_index", "read_part", "verify_checkpoint", "write_checkpoint"]

INDEX, MANIFEST = "CKPT.json", "CKPT.sha256"
FORMAT = "sonovox checkpoint 1"
_PIECE = 1 << 22  # bytes that are hashed and then written while they are in the cache
_SELF = "# sha256 of the lines above: "


@dataclass
class SavedPart:
    """What one recoverable put into a checkpoint: a tree with tensors, or files of its own.

    Args:
        tree: of `encode_state`.
        tensors: of `encode_state`.
        files: name -> content; where there are any, there is no tree.
    """

    tree: Any = None
    tensors: dict[str, Tensor] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedIndex:
    """What `CKPT.json` says.

    Args:
        meta: as it was given to the save.
        parts: name of a recoverable -> its files.
    """

    meta: dict[str, Any]
    parts: dict[str, list[str]]


def write_checkpoint(target: Path, meta: Mapping[str, Any], parts: Mapping[str, SavedPart]) -> None:
    """Write a whole checkpoint; it is on the disk, or there is nothing of it.

    Raises:
        WriteError: the disk is full, and the like.
    """
    hashes: dict[str, str] = {}
    listed: dict[str, list[str]] = {}
    with atomic_folder(target) as folder:
        for name, part in parts.items():
            listed[name] = files_of(name, part)
            for file in listed[name]:
                hashes[file] = folder.write(file, _content(file, part))
        meta_tree, _ = encode_state(dict(meta), owner="meta")
        index = {"format": FORMAT, "meta": meta_tree, "recoverables": listed}
        hashes[INDEX] = folder.write(INDEX, [_json(index, indent=2)])
        lines = "".join(f"{digest}  {file}\n" for file, digest in hashes.items())
        folder.write(MANIFEST, [f"{lines}{_SELF}{_sha256(lines.encode())}\n".encode()])


def files_of(name: str, part: SavedPart) -> list[str]:
    """The names of the files of a recoverable; the last is the one that others may want to read."""
    if part.files:
        return sorted(part.files, key=lambda file: file == f"{name}.ckpt")
    return [f"{name}.json", f"{name}.safetensors"] if part.tensors else [f"{name}.json"]


def read_index(path: Path) -> SavedIndex:
    """What a checkpoint holds; only its two small files are read, and verified.

    Raises:
        CheckpointError: it is not whole, was changed, or is of a later version.
    """
    hashes = _read_manifest(path)
    _check(path / INDEX, hashes.get(INDEX, ""))
    index = json.loads((path / INDEX).read_bytes())
    if index["format"] != FORMAT:
        raise CheckpointError(f"{path} is of the format {index['format']!r}", hint="use a later version of sonovox")
    return SavedIndex(decode_state(index["meta"], {}), index["recoverables"])


def verify_checkpoint(path: Path) -> None:
    """Compare every file with the manifest.

    Raises:
        CheckpointError: naming the first file that is missing or was changed.
    """
    for file, digest in _read_manifest(path).items():
        _check(path / file, digest)


def read_part(path: Path, name: str) -> Any:
    """The state of one recoverable, which has no files of its own; its tensors are on the CPU.

    Raises:
        CheckpointError: the checkpoint has no such state, or it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    tree_file, tensor_file = path / f"{name}.json", path / f"{name}.safetensors"
    tensors = {}
    try:
        tree = json.loads(tree_file.read_bytes())
        if tensor_file.exists():
            with safe_open(tensor_file, framework="pt") as file:
                # A map of the file would die with it, and an optimiser would go on in it.
                tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} has no state of {name}") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"{name} of {path} cannot be read: {error}") from error
    return decode_state(tree, tensors)


def _content(file: str, part: SavedPart) -> Iterator[bytes | memoryview]:
    if part.files:
        yield part.files[file]
    elif file.endswith(".safetensors"):
        yield from _safetensors(part.tensors)
    else:
        yield _json(part.tree)


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        text = (path / MANIFEST).read_bytes().decode()
    except OSError as error:
        raise CheckpointError(f"{path / MANIFEST} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path / MANIFEST} was changed: it is no text") from error
    lines, mark, own = text.rpartition(_SELF)
    if not mark or own != f"{_sha256(lines.encode())}\n":
        raise CheckpointError(f"{path / MANIFEST} was changed: it does not have the sha256 that it says")
    pairs = (line.partition("  ") for line in lines.split("\n")[:-1])
    return {file: digest for digest, _, file in pairs}


def _check(file: Path, expected: str) -> None:
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}") from error
    if found != expected:
        raise CheckpointError(f"{file} was changed: its sha256 is {found[:12]}…, the manifest says {expected[:12]}…")


def _json(tree: Any, indent: int | None = None) -> bytes:
    return json.dumps(tree, allow_nan=False, indent=indent).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _safetensors(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """A file of safetensors in pieces, so that nothing is in memory twice.

    The wide dtypes come first: readers need each tensor at a multiple of its width.
    """
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in ordered:
        start, end = end, end + tensor.numel() * tensor.element_size()
        dtype = SAFETENSORS_DTYPES[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
    words = _json(header)
    words += b" " * (-len(words) % 8)
    yield len(words).to_bytes(8, "little") + words
    for _, tensor in ordered:
        data = tensor.cpu().reshape(-1).view(torch.uint8).numpy().data
        for start in range(0, len(data), _PIECE):
            yield data[start : start + _PIECE]
