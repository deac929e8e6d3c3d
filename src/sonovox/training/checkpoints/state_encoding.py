"""The states of objects as JSON and named tensors, bit for bit, without pickle.

What JSON has (None, booleans, integers of any size, finite floats, strings, lists,
dicts with strings as keys) is itself. Everything else is an object with one key
that begins with `~`:

    ~float      NaN and infinity: the eight bytes of the number, hexadecimal
    ~complex    [real, imaginary]
    ~bytes      base64; ~bytearray too
    ~tuple      a list; ~set and ~frozenset too
    ~dict       a list of pairs, for keys that are no strings, or that begin with ~
    ~ordered    an OrderedDict as a list of pairs; "metadata" beside it is the
                attribute `_metadata`, by which torch's modules know their version
    ~tensor     the name of a tensor; "dtype" and "shape" stand beside it where
                safetensors lacks the dtype and the file has only its bytes, or the
                real and imaginary parts in turn
    ~array      a numpy array or scalar: dtype, shape and base64 of the bytes
    ~dtype      of numpy; ~torch is a dtype of torch, ~device a device
    ~size       a torch.Size
    ~path       a pathlib.Path

A tensor that occurs twice is stored once, and is one tensor again after reading.
"""

import base64
import math
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.errors import CheckpointError
from sonovox.training.checkpoints.sharded import gather_shards

__all__ = ["decode_state", "encode_state"]

# Dtypes that safetensors has a name for.
SAFETENSORS_DTYPES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.uint16: "U16",
    torch.int16: "I16",
    torch.uint32: "U32",
    torch.int32: "I32",
    torch.uint64: "U64",
    torch.int64: "I64",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
}


def encode_state(state: object, *, owner: str = "state") -> tuple[Any, dict[str, Tensor]]:
    """What `json.dumps` can write, and the tensors that it names.

    Args:
        state: nested dicts, lists and tuples of numbers, strings, bytes, tensors,
            numpy arrays and the like.
        owner: whose state it is, for the messages.

    Returns:
        The tree, and name -> tensor. The name of a tensor is the path to it, so the
        tensors of a module have the names of its parameters. They are detached and
        contiguous, and share memory with those of `state` where they were so before.

    Raises:
        CheckpointError: a value of another kind; it is named by its path.

    >>> encode_state({"step": 3, "betas": (0.9, float("inf"))})
    ({'step': 3, 'betas': {'~tuple': [0.9, {'~float': '7ff0000000000000'}]}}, {})
    """
    encoder = _Encoder(owner)
    return encoder.encode(state, ()), encoder.tensors


def decode_state(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The state that `encode_state` was given.

    Args:
        tree: of JSON.
        tensors: by the names in the tree.

    Raises:
        CheckpointError: the tree names something unknown, as a later version may.

    >>> decode_state({"step": 3, "betas": {"~tuple": [0.9, {"~float": "7ff0000000000000"}]}}, {})
    {'step': 3, 'betas': (0.9, inf)}
    """
    if isinstance(tree, list):
        return [decode_state(item, tensors) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kind = next(iter(tree), "")
    if not kind.startswith("~"):
        return {key: decode_state(value, tensors) for key, value in tree.items()}
    if kind == "~tensor":
        return _decode_tensor(tree, tensors)
    if kind == "~ordered":
        return _decode_ordered(tree, tensors)
    value = tree[kind]
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](decode_state(value, tensors))
    if kind in _VALUES:
        return _VALUES[kind](value)
    raise CheckpointError(f"there is no kind of value {kind!r}", hint="a later version of sonovox may read it")


class _Encoder:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[tuple[object, ...], str] = {}  # what a tensor is in memory -> its name
        self._kept: list[Tensor] = []  # memory of a temporary must not be reused while its address is a key

    def encode(self, value: object, path: tuple[str, ...]) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"~float": struct.pack(">d", value).hex()}
        if isinstance(value, dict):
            return self._encode_dict(value, path)
        if type(value) is list:
            return self._items(value, path)
        if isinstance(value, tuple) and type(value) in (tuple, torch.Size):
            return {"~tuple" if type(value) is tuple else "~size": self._items(value, path)}
        if isinstance(value, Tensor):
            return self._encode_tensor(value, path)
        for kind, (types, write) in _WRITERS.items():
            if isinstance(value, types):
                if isinstance(value, np.ndarray) and value.dtype.hasobject:
                    raise self._refuse(path, "is an array of objects")
                return {kind: write(value)}
        if isinstance(value, set | frozenset):
            return {f"~{type(value).__name__}": self._items(list(value), path)}
        raise self._refuse(path, f"is of the type {type(value).__qualname__}")

    def _items(self, values: Sequence[object], path: tuple[str, ...]) -> list[Any]:
        return [self.encode(item, (*path, str(i))) for i, item in enumerate(values)]

    def _encode_dict(self, value: dict[Any, Any], path: tuple[str, ...]) -> Any:
        if type(value) is OrderedDict:
            tree: dict[str, Any] = {"~ordered": self._pairs(value, path)}
            if (metadata := getattr(value, "_metadata", None)) is not None:
                tree["metadata"] = self.encode(metadata, (*path, "_metadata"))
            return tree
        if type(value) is not dict and not hasattr(value, "default_factory"):
            raise self._refuse(path, f"is of the type {type(value).__qualname__}")
        if all(type(key) is str and not key.startswith("~") for key in value):
            return {key: self.encode(item, (*path, key)) for key, item in value.items()}
        return {"~dict": self._pairs(value, path)}

    def _pairs(self, value: Mapping[Any, Any], path: tuple[str, ...]) -> list[Any]:
        return [[self.encode(key, (*path, "key")), self.encode(item, (*path, str(key)))] for key, item in value.items()]

    def _encode_tensor(self, tensor: Tensor, path: tuple[str, ...]) -> Any:
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
            raise self._refuse(path, f"is a {'quantized' if tensor.is_quantized else tensor.layout} tensor")
        if tensor.is_meta or torch.nn.parameter.is_lazy(tensor):
            raise self._refuse(path, "is a tensor without values")
        plain = gather_shards(tensor.detach())
        if type(plain) is not Tensor:
            raise self._refuse(path, f"is of the type {type(plain).__qualname__}")
        identity = (plain.device, plain.data_ptr(), plain.dtype, plain.shape, plain.stride(), plain.is_conj())
        name = self._names.get(identity) if plain.numel() else None
        if name is None:
            name = self._free_name(".".join(path) or "value")
            self._names[identity] = name
            self._kept.append(plain)
            values = plain.resolve_conj().resolve_neg().contiguous()
            if plain.dtype not in SAFETENSORS_DTYPES:
                values = (torch.view_as_real(values) if values.is_complex() else values.view(torch.uint8)).reshape(-1)
            self.tensors[name] = values
        tree: dict[str, Any] = {"~tensor": name}
        if plain.dtype not in SAFETENSORS_DTYPES:
            tree |= {"dtype": _torch_name(plain.dtype), "shape": list(plain.shape)}
        return tree

    def _free_name(self, name: str) -> str:
        # Two paths can give one name: {"a.b": x} and {"a": {"b": x}}; safetensors keeps __metadata__ to itself.
        while name in self.tensors or name == "__metadata__":
            name += "'"
        return name

    def _refuse(self, path: tuple[str, ...], what: str) -> CheckpointError:
        return CheckpointError(
            f"{'.'.join((self.owner, *path))} {what}, which a checkpoint cannot hold",
            hint="give plain numbers, strings, lists, dicts, tensors or arrays, or a save hook of its own",
        )


def _decode_tensor(tree: dict[str, Any], tensors: Mapping[str, Tensor]) -> Tensor:
    try:
        tensor = tensors[tree["~tensor"]]
    except KeyError as error:
        raise CheckpointError(f"there is no tensor {error.args[0]!r} in the file") from error
    if "dtype" in tree:
        return tensor.view(_torch_dtype(tree["dtype"])).reshape(tree["shape"])
    return tensor


def _decode_ordered(tree: dict[str, Any], tensors: Mapping[str, Tensor]) -> OrderedDict[Any, Any]:
    ordered = OrderedDict(decode_state(tree["~ordered"], tensors))
    if "metadata" in tree:
        ordered._metadata = decode_state(tree["metadata"], tensors)  # type: ignore[attr-defined]
    return ordered


def _array_tree(value: np.ndarray | np.generic) -> list[Any]:
    array = np.asarray(value)
    described = np.lib.format.dtype_to_descr(array.dtype)
    shape = None if isinstance(value, np.generic) else list(array.shape)
    return [described, shape, base64.b64encode(array.tobytes()).decode()]


def _array_of(tree: list[Any]) -> np.ndarray | np.generic:
    described, shape, data = tree
    flat = np.frombuffer(base64.b64decode(data), dtype=_numpy_dtype(described))
    return flat[0] if shape is None else flat.reshape(shape).copy()


def _numpy_dtype(described: Any) -> np.dtype:
    """JSON has made lists of the tuples by which numpy describes a structure."""
    if isinstance(described, list):
        described = [
            tuple(tuple(x) if isinstance(x, list) and i == 2 else x for i, x in enumerate(f)) for f in described
        ]
    return np.lib.format.descr_to_dtype(described)


def _torch_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _torch_dtype(name: str) -> torch.dtype:
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise CheckpointError(f"torch has no dtype {name!r}")
    return dtype


# Kind -> the types that it stands for, and how the value is written; numpy first, whose scalars are
# complex and bytes too.
_WRITERS: dict[str, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
    "~array": ((np.ndarray, np.generic), _array_tree),
    "~dtype": ((np.dtype,), np.lib.format.dtype_to_descr),
    "~bytes": ((bytes,), lambda value: base64.b64encode(value).decode()),
    "~bytearray": ((bytearray,), lambda value: base64.b64encode(value).decode()),
    "~complex": ((complex,), lambda value: [struct.pack(">d", part).hex() for part in (value.real, value.imag)]),
    "~torch": ((torch.dtype,), _torch_name),
    "~device": ((torch.device,), str),
    "~path": ((PurePath,), str),
}

_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "~tuple": tuple,
    "~size": torch.Size,
    "~set": set,
    "~frozenset": frozenset,
    "~dict": dict,
}


def _float(data: str) -> float:
    (value,) = struct.unpack(">d", bytes.fromhex(data))
    return float(value)


_VALUES: dict[str, Callable[[Any], Any]] = {
    "~float": _float,
    "~complex": lambda parts: complex(_float(parts[0]), _float(parts[1])),
    "~bytes": base64.b64decode,
    "~bytearray": lambda data: bytearray(base64.b64decode(data)),
    "~array": _array_of,
    "~dtype": _numpy_dtype,
    "~torch": _torch_dtype,
    "~device": torch.device,
    "~path": Path,
}
