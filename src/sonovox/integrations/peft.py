"""LoRA in the folders of peft, which need not be installed: `adapter_config.json` and `adapter_model.safetensors`.

Such a folder holds the matrices of the adapted layers, by the names
`base_model.model.<layer>.lora_A.weight` and `….lora_B.weight`, and of the model around
them at most the layers that learnt as they are, its `modules_to_save`.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox._internal.folders import atomic_folder
from sonovox.hub import fetch, load_weights, pack_weights
from sonovox.nn.adapters import LoRA

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["load_peft_adapter", "save_peft_adapter"]

Rename = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]

_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_PREFIX = "base_model.model."
_NAME = re.compile(r"(?P<layer>.+)\.lora_(?P<which>[AB])\.(?:default\.)?weight")


def save_peft_adapter(
    folder: str | os.PathLike[str],
    model: nn.Module,
    base_model: str = "",
    rename: Rename | None = None,
    whole_layers: Sequence[str] = (),
) -> Path:
    """Write the LoRA layers of a model as peft does; the folder appears as a whole or not at all.

    Args:
        folder: where to; an older adapter there is replaced.
        model: with `LoRA` layers of one rank and weight, such as `insert_adapters` leaves it.
        base_model: name of the model that they adapt, for the reader.
        rename: from our names to those of the model that will read it, such as `to_huggingface`.
        whole_layers: names of layers that learnt as they are, such as a head: peft's `modules_to_save`.

    Raises:
        ArgumentError: no LoRA, different ones, or a folder with other things in it.
        WriteError: the disk is full, and the like.
    """
    folder = Path(folder)
    layers = {name: module for name, module in model.named_modules() if isinstance(module, LoRA)}
    kinds = {(layer.rank, layer.alpha, layer.rank_stabilised, layer.dropout.p) for layer in layers.values()}
    if len(kinds) != 1:
        found = f"{len(kinds)} different ones" if kinds else "none"
        raise ArgumentError(f"model must have LoRA layers of one kind, got {found}", hint="see insert_adapters")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _CONFIG).is_file():
        raise ArgumentError(f"{folder} holds something else than an adapter", hint="give a new folder")
    weights: Mapping[str, Tensor] = {
        f"{name}.lora_{which}.weight": getattr(layer, f"lora_{which}").weight.detach()
        for name, layer in layers.items()
        for which in "AB"
    }
    whole = {
        f"{name}.{part}": tensor.detach()
        for name in whole_layers
        for part, tensor in model.get_submodule(name).state_dict().items()
    }
    weights = {**weights, **whole}
    if rename is not None:
        weights = rename(weights)
    adapted = {name.rpartition(".lora_")[0] for name in weights if _NAME.fullmatch(name)}
    learnt = {name.rpartition(".")[0] for name in weights if not _NAME.fullmatch(name)}
    ((rank, alpha, rank_stabilised, dropout),) = kinds
    description = {
        "peft_type": "LORA",
        "task_type": None,
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": dropout,
        "use_rslora": rank_stabilised,
        "target_modules": sorted(adapted),
        "modules_to_save": sorted(learnt) or None,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
    with atomic_folder(folder) as writer:
        writer.write(_CONFIG, [json.dumps(description, indent=2).encode()])
        writer.write(_WEIGHTS[0], [pack_weights({_PREFIX + name: tensor for name, tensor in weights.items()})])
    return folder


def load_peft_adapter(
    model: nn.Module,
    source: str | os.PathLike[str],
    rename: Rename | None = None,
    *,
    trainable: bool = False,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> list[str]:
    """Put the layers of a peft folder, LoRA and whole ones, into a model, in place; the names of the adapted layers.

    Args:
        model: the one that they adapt. Its other weights are frozen.
        source: a folder on disk, `hf:owner/name` or bare `owner/name`.
        rename: from the names of the model that they were trained on to ours, such as `from_huggingface`.
        trainable: whether they learn on.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Raises:
        HubError: the files cannot be had.
        WeightsError: another kind of adapter, or one for other layers; the model is as before then.
    """
    folder = fetch(source, files=[_CONFIG], optional=_WEIGHTS, offline=offline, progress=progress)
    description = _description(folder)
    file = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if file is None:
        raise WeightsError(f"{folder} holds no weights", hint=f"it needs {' or '.join(_WEIGHTS)}")
    weights: Mapping[str, Tensor] = {name.removeprefix(_PREFIX): tensor for name, tensor in load_weights(file).items()}
    weights = rename(weights) if rename is not None else weights
    whole = {name: tensor for name, tensor in weights.items() if not _NAME.fullmatch(name)}
    _check_whole(whole, model, folder, description)
    factors = _factors({name: tensor for name, tensor in weights.items() if name not in whole}, folder)
    layers = dict(model.named_modules())
    strange = [name for name in factors if not isinstance(layers.get(name), nn.Linear | nn.Conv1d | nn.Conv2d)]
    if strange:
        raise WeightsError(
            f"{len(strange)} of {len(factors)} adapted layers are not in {type(model).__name__}, such as {strange[0]}",
            hint="it was trained on a model with other names; give rename",
        )
    adapters = {name: _adapter(layers[name], name, factor, description) for name, factor in factors.items()}
    model.requires_grad_(False)
    for name, adapter in adapters.items():
        adapter.requires_grad_(trainable)
        adapter.base_layer.requires_grad_(False)
        model.set_submodule(name, adapter)
    for name, tensor in whole.items():
        parameter = model.get_parameter(name)
        parameter.data.copy_(tensor)
        parameter.requires_grad_(trainable)
    return list(adapters)


def _description(folder: Path) -> dict[str, Any]:
    file = folder / _CONFIG
    try:
        description = json.loads(file.read_bytes())
        kind = description["peft_type"]
    except OSError as error:
        raise WeightsError(f"{folder} holds no {_CONFIG}", hint="give the folder of a peft adapter") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{file} cannot be read: {error!r}", hint="fetch it again") from error
    if kind != "LORA" or description.get("use_dora") or description.get("alpha_pattern"):
        odd = [key for key in ("use_dora", "alpha_pattern") if description.get(key)]
        raise WeightsError(f"{file} describes {' with '.join([kind, *odd])}, expected plain LORA")
    return description


def _factors(weights: Mapping[str, Tensor], folder: Path) -> dict[str, dict[str, Tensor]]:
    """Both matrices of each layer."""
    factors: dict[str, dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        if found := _NAME.fullmatch(name):
            factors.setdefault(found["layer"], {})[found["which"]] = tensor
    half = [name for name, pair in factors.items() if len(pair) < 2]
    if half or not factors:
        raise WeightsError(f"{folder} has half of a pair for {half[:3] or 'no layer'}", hint="fetch it again")
    return factors


def _check_whole(whole: Mapping[str, Tensor], model: nn.Module, folder: Path, description: Mapping[str, Any]) -> None:
    """Refuse weights beside the adapters that were not announced, or do not fit the model."""
    own = dict(model.named_parameters())
    for name, tensor in whole.items():
        if not description.get("modules_to_save"):
            raise WeightsError(f"{folder} has the weight {name}, expected …lora_A.weight and …lora_B.weight only")
        if name not in own or own[name].shape != tensor.shape:
            expected = f"one {tuple(own[name].shape)}" if name in own else "none of this name"
            raise WeightsError(
                f"{folder} has the weight {name} {tuple(tensor.shape)}, and {type(model).__name__} {expected}",
                hint="give the model a layer of this size first",
            )


def _adapter(layer: nn.Module, name: str, factor: Mapping[str, Tensor], description: Mapping[str, Any]) -> LoRA:
    rank = factor["A"].shape[0]
    flags = [parameter.requires_grad for parameter in layer.parameters()]
    adapter = LoRA(
        layer,
        rank,
        float(description.get("lora_alpha", rank)),
        float(description.get("lora_dropout", 0.0)),
        bool(description.get("use_rslora", False)),
    )
    for parameter, flag in zip(layer.parameters(), flags, strict=True):
        parameter.requires_grad_(flag)  # until all fit, nothing changes
    for which in "AB":
        own = getattr(adapter, f"lora_{which}").weight
        if own.shape != factor[which].shape:
            raise WeightsError(
                f"lora_{which} of {name} must be {tuple(own.shape)}, got {tuple(factor[which].shape)}",
                hint="it was trained on a model of another size",
            )
        own.data.copy_(factor[which])
    return adapter.train(layer.training)
