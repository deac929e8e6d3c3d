"""Weights: read without running code, checked, put into a module, written.

Files of safetensors hold numbers and nothing else. Those of `torch.save` are
pickles, programs in disguise; they are read by torch's unpickler that knows only
tensors and plain containers. What it refuses is refused here too.
"""

import json
import os
import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox._internal.files import atomic_path
from sonovox.hub.sources import is_inside

__all__ = ["Loaded", "load_checkpoint", "load_module", "load_weights", "pack_weights", "save_weights", "transfer"]

_PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".pth.tar")  # the last is no archive, in spite of its name
# Where checkpoints keep the weights beside other things: OpenAI, Lightning, fairseq and torchaudio, HiFi-GAN.
_WEIGHT_KEYS = ("model_state_dict", "state_dict", "model", "generator")
_REMEDY = "convert it where you trust it: torch.load there, then sonovox.hub.save_weights to a .safetensors file"


class Loaded(NamedTuple):
    """What `transfer` left alone: names of the module without weights, and weights without a place."""

    missing: list[str]
    unexpected: list[str]


def load_weights(
    path: str | os.PathLike[str], *, device: str | torch.device = "cpu", dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """The named tensors of a file of weights, all of them finite.

    Args:
        path: `.safetensors`, or a pickle (`.pt`, `.pth`, `.pth.tar`, `.bin`, `.ckpt`), or the
            `.index.json` of a model in several such files. In a checkpoint the
            weights are looked for under model_state_dict, state_dict, model and generator.
        device: where they go.
        dtype: for the floating-point ones; others keep theirs.

    Returns:
        Name -> tensor. Large ones may be maps of the file, which must not be changed while they live.

    Raises:
        WeightsError: the file is missing or damaged, needs code to be read, has
            something else than tensors among its weights, or NaN or infinity.

    >>> load_weights("nowhere/model.safetensors")
    Traceback (most recent call last):
    sonovox._internal.errors.WeightsError: there is no file nowhere/model.safetensors; fetch it first
    """
    path = Path(path)
    weights = _nested(load_checkpoint(path))
    _check_tensors(weights, path)
    _check_finite(weights, path)
    converted = {}
    for name, tensor in weights.items():
        target = dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype
        converted[name] = tensor.to(device=device, dtype=target)
    return converted


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The whole content of a checkpoint: tensors, numbers, strings and plain containers of them.

    Args:
        path: as for `load_weights`.

    Returns:
        What was saved, such as OpenAI's `{"dims": …, "model_state_dict": …}`; tensors on the CPU.

    Raises:
        WeightsError: as for `load_weights`; the numbers are not looked at.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"there is no file {path}", hint="fetch it first" if not path.is_dir() else "name the file")
    if path.name.endswith(".index.json"):
        return _load_shards(path)
    if path.suffix.lower() == ".safetensors":
        return _load_safetensors(path)
    if path.name.lower().endswith(_PICKLED):
        return _load_pickle(path)
    raise WeightsError(
        f"{path} is of no known kind", hint=f"weights are .safetensors, .index.json, {', '.join(_PICKLED)}"
    )


def load_module(module: nn.Module, path: str | os.PathLike[str], *, strict: bool = True) -> Loaded:
    """Copy the weights of a file into the parameters and buffers of a module, which keep their dtype and device.

    Older names and other kinds of values, which the module itself knows how to
    take (its `register_load_state_dict_pre_hook`), are translated before anything is compared.

    Args:
        module: changed in place.
        path: as for `load_weights`.
        strict: as for `transfer`.

    Returns:
        As `transfer`.

    Raises:
        WeightsError: as for `load_weights` and `transfer`; the parameters are as before then.
    """
    path = Path(path)
    weights = _nested(load_checkpoint(path))
    _translate(module, weights)
    _check_tensors(weights, path)
    _check_finite(weights, path)
    try:
        return transfer(module, weights, strict=strict, copy=True)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error.message}", hint=error.hint) from error


def transfer(module: nn.Module, weights: Mapping[str, Tensor], *, strict: bool = True, copy: bool = False) -> Loaded:
    """Put weights into a module; the tensors themselves become its parameters, unless they are to be copied.

    So the module takes their dtype and device, and one that was built on the meta
    device costs no memory twice. Parameters that are tied stay tied.

    Args:
        module: changed in place; keeps `requires_grad` of its parameters.
        weights: name -> tensor, with the names of `module.state_dict()`.
        strict: every name of one must be in the other. Without it those that are
            in both are put in.
        copy: the parameters stay the same objects, as an optimiser needs that has them already, with their
            dtype and device; those on the meta device cannot.

    Returns:
        The names that had no counterpart, both sorted; empty lists when strict.

    Raises:
        WeightsError: names do not match (strict), no name matches, or shapes
            differ; nothing was changed then.

    >>> layer = nn.Linear(2, 1, device="meta")
    >>> transfer(layer, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
    Loaded(missing=[], unexpected=[])
    >>> layer(torch.tensor([3.0, 4.0])).item()
    7.0
    """
    ties = _ties(module)
    weights = dict(weights)
    for names in ties:  # a file may hold one of several names of a parameter
        given = next((weights[name] for name in names if name in weights), None)
        if given is not None:
            weights.update((name, given) for name in names if name not in weights)
    own = module.state_dict()
    missing, unexpected = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    kind = type(module).__name__
    if own and not own.keys() & weights.keys():
        raise WeightsError(
            f"no name of the weights is one of {kind}: it has {_some(own)}; the weights have {_some(weights)}",
            hint="convert the names first",
        )
    if strict and (missing or unexpected):
        raise WeightsError(
            f"the weights do not fit {kind}: missing {_some(missing)}; unexpected {_some(unexpected)}",
            hint="with strict=False those that fit are taken",
        )
    shapes = [
        f"{name} is {tuple(weights[name].shape)} in the weights, {tuple(own[name].shape)} in the module"
        for name in sorted(own.keys() & weights.keys())
        if weights[name].shape != own[name].shape
    ]
    if shapes:
        raise WeightsError(
            f"shapes do not fit {kind}: {_some(shapes, '; ')}", hint="is it the configuration of this model?"
        )
    assign = not copy or any(tensor.is_meta for tensor in own.values())
    common = {name: weights[name] for name in own.keys() & weights.keys()}
    module.load_state_dict(common, strict=False, assign=assign)
    for first, *others in ties:
        for name in others:
            owner, _, attribute = name.rpartition(".")
            setattr(module.get_submodule(owner), attribute, module.get_parameter(first))
    return Loaded(missing, unexpected)


def save_weights(
    path: str | os.PathLike[str], weights: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named tensors as safetensors, crash-safe.

    Args:
        path: ends in `.safetensors`.
        weights: name -> dense tensor on any device; tensors that share memory are written one by one.
        metadata: short texts for the header of the file.

    Raises:
        ArgumentError: another suffix, or metadata that are not texts.
        WriteError: the disk is full, and the like; an older file still stands.
    """
    from safetensors.torch import save_file

    path = Path(path)
    if path.suffix != ".safetensors":
        raise ArgumentError(f"path must end in .safetensors, got {path}", hint="that is the only format written here")
    texts = _header(metadata)
    with atomic_path(path) as temporary:
        save_file(_separate(weights), temporary, metadata=texts)


def pack_weights(weights: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """What `save_weights` writes, as bytes; for folders that are written as a whole.

    >>> len(pack_weights({"weight": torch.zeros(2)}))
    112
    """
    from safetensors.torch import save

    return save(_separate(weights), metadata=_header(metadata))


def _header(metadata: Mapping[str, str] | None) -> dict[str, str]:
    texts = dict(metadata or {})
    for key, value in texts.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ArgumentError(
                f"metadata must be texts, got {key!r}: {value!r}", hint="use json.dumps for other values"
            )
    return {"format": "pt", **texts}


def _separate(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors in memory of their own each, as safetensors wants them."""
    seen: set[int] = set()
    separate = {}
    for name, tensor in weights.items():
        storage = tensor.untyped_storage().data_ptr()
        tensor = tensor.detach()
        separate[name] = tensor.clone(memory_format=torch.contiguous_format) if storage in seen else tensor.contiguous()
        seen.add(storage)
    return separate


def _load_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged: {error}", hint="fetch it again") from error


def _load_pickle(path: Path) -> dict[str, Any]:
    try:
        # Only the archives that torch.save writes today can be mapped; before 1.6 it wrote bare pickles.
        archived = zipfile.is_zipfile(path)
        if archived and _is_program(path):
            raise WeightsError(f"{path} is a TorchScript program, not weights", hint=_REMEDY)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=archived)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path} cannot be read without running code: {_refused(error)}", hint=_REMEDY) from error
    except WeightsError:
        raise
    except Exception as error:  # bytes that are no checkpoint end in a dozen kinds of errors, all of one meaning
        reason = str(error).strip().partition("\n")[0]
        raise WeightsError(
            f"{path} is damaged or no checkpoint ({type(error).__name__}: {reason})", hint="fetch it again"
        ) from error
    if not isinstance(checkpoint, dict):
        raise WeightsError(f"{path} holds a {type(checkpoint).__name__}, expected a dictionary", hint=_REMEDY)
    return dict(checkpoint)


def _is_program(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _load_shards(path: Path) -> dict[str, Any]:
    try:
        places = dict(json.loads(path.read_text(encoding="utf-8"))["weight_map"])
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} is no index of weights: it has no weight_map", hint="fetch it again") from error
    weights: dict[str, Any] = {}
    for shard in sorted(set(places.values())):
        if not is_inside(shard) or "/" in shard:
            raise WeightsError(f"{path} points outside its folder: {shard!r}", hint="do not use this model")
        weights |= load_checkpoint(path.parent / shard)
    if weights.keys() != places.keys():
        missing, unexpected = places.keys() - weights.keys(), weights.keys() - places.keys()
        raise WeightsError(
            f"the files of {path} do not hold what it says: missing {_some(missing)}; unexpected {_some(unexpected)}",
            hint="fetch all of them again",
        )
    return weights


def _nested(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The weights of a checkpoint, which may have them beside other things."""
    nested = next((checkpoint[key] for key in _WEIGHT_KEYS if isinstance(checkpoint.get(key), Mapping)), None)
    return dict(checkpoint if nested is None else nested)


def _translate(module: nn.Module, weights: dict[str, Any]) -> None:
    """Let every part of `module` change `weights` as it does in `load_state_dict`, which tells too late what is wrong.

    torch has no public way to run these hooks alone.
    """
    for name, part in module.named_modules(remove_duplicate=False):
        for hook in part._load_state_dict_pre_hooks.values():
            hook(weights, f"{name}." if name else "", {}, True, [], [], [])


def _check_tensors(weights: Mapping[str, Any], path: Path) -> None:
    others = [str(name) for name, value in weights.items() if not isinstance(value, Tensor)]
    if others or not weights:
        raise WeightsError(
            f"{path} is no plain file of weights: {_some(others)} are no tensors", hint="read it with load_checkpoint"
        )


def _check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    bad = [name for name, tensor in weights.items() if tensor.is_floating_point() and not _is_finite(tensor)]
    if bad:
        raise WeightsError(
            f"{path} has NaN or infinity in {_some(bad)}", hint="the training diverged, or the file is damaged"
        )


def _is_finite(tensor: Tensor) -> bool:
    if tensor.numel() == 0:
        return True
    if tensor.element_size() == 1:  # float8 has no minimum
        tensor = tensor.float()
    # One pass without a mask in memory: NaN and infinity survive in the extremes.
    return bool(torch.stack(torch.aminmax(tensor)).isfinite().all())


def _ties(module: nn.Module) -> list[list[str]]:
    """The names of each parameter that has several."""
    names: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [group for group in names.values() if len(group) > 1]


def _refused(error: Exception) -> str:
    """What the unpickler did not like, without its advice to switch the protection off."""
    if name := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it wants to call {name[1]}"
    operand = re.search(r"Unsupported (?:operand|class)[^\n]*", str(error))
    return operand[0] if operand else "it is not a file of tensors"


def _some(names: Iterable[str], separator: str = ", ") -> str:
    names = list(names)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (separator.join(names[:10]) or "nothing") + more
