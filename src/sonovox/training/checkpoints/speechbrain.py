"""Reading the checkpoint folders of SpeechBrain, so that its runs can be resumed.

Such a folder holds `CKPT.yaml`, the meta, and `<name>.ckpt` for each recoverable:
a file of `torch.save`, or what a method of the object wrote, such as the number of
an epoch as text. There are no hashes in it; only what torch itself notices in a
damaged file is noticed.
"""

import zipfile
from pathlib import Path
from typing import Any

import torch

from sonovox._internal.errors import CheckpointError

__all__ = ["adapt_state", "is_one", "is_torch_file", "parameter_files", "read_meta", "read_part"]

_META, _SUFFIX = "CKPT.yaml", ".ckpt"


def is_one(path: Path) -> bool:
    """Whether the folder is a checkpoint of SpeechBrain."""
    return (path / _META).is_file()


def read_meta(path: Path) -> dict[str, Any]:
    """The meta: numbers and strings; `unixtime` and `end-of-epoch` are always there.

    Raises:
        CheckpointError: it is no plain YAML with these two.
    """
    import yaml

    try:
        meta = yaml.safe_load((path / _META).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CheckpointError(f"{path / _META} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(meta, dict) or not isinstance(meta.get("unixtime"), int | float) or "end-of-epoch" not in meta:
        raise CheckpointError(f"{path / _META} is not what SpeechBrain writes: it lacks unixtime or end-of-epoch")
    return meta


def parameter_files(path: Path) -> dict[str, Path]:
    """The name of each recoverable -> its file."""
    return {file.name.removesuffix(_SUFFIX): file for file in sorted(path.glob(f"*{_SUFFIX}"))}


def is_torch_file(file: Path) -> bool:
    """Whether `torch.save` wrote it, as it does since 2020."""
    return zipfile.is_zipfile(file)


def read_part(file: Path) -> Any:
    """The state in one file: what `torch.save` wrote, or the number that stands there as text.

    Raises:
        CheckpointError: it is something else, is damaged, or needs code to be read.
    """
    if is_torch_file(file):
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises nearly anything on a damaged file
            raise CheckpointError(
                f"{file} cannot be read safely: {str(error).splitlines()[0]}",
                hint="only tensors and plain containers are read from it",
            ) from error
    try:
        return int(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(
            f"{file} is neither a file of torch nor a number", hint="give the recoverable load(path), or a load hook"
        ) from error


def adapt_state(state: Any, own: dict[str, Any], *, end_of_epoch: bool) -> Any:
    """SpeechBrain's state of a loader as ours: it counts the batches that were handed over, and nothing else.

    Args:
        state: of `read_part`.
        own: the state that the object has now, which tells what it is.
        end_of_epoch: at the end of an epoch the number means nothing.
    """
    if isinstance(state, int) and "position" in own:
        return {**own, "position": 0 if end_of_epoch else state}
    return state
