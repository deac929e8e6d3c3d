"""Model folders in the layout of Hugging Face, written as a whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox._internal.folders import atomic_folder
from sonovox.hub.weights import pack_weights

__all__ = ["write_huggingface_folder"]


def write_huggingface_folder(
    folder: str | os.PathLike[str],
    description: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    files: Mapping[str, Mapping[str, Any] | bytes],
) -> Path:
    """Write config.json, model.safetensors and further files; the folder.

    Args:
        folder: where to; what stands there is replaced if it is such a folder.
        description: content of config.json.
        weights: by the names of transformers.
        files: further ones by their names: bytes, or what JSON shall hold.

    Raises:
        ArgumentError: a folder with other things in it.
        WriteError: the disk is full, and the like.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").is_file():
        raise ArgumentError(f"{folder} holds something else than a model", hint="give a new folder")
    contents: dict[str, Mapping[str, Any] | bytes] = {**files, "config.json": description}
    with atomic_folder(folder) as writer:
        for name, content in contents.items():
            writer.write(name, [content if isinstance(content, bytes) else json.dumps(content, indent=1).encode()])
        writer.write("model.safetensors", [pack_weights(dict(weights))])
    return folder
