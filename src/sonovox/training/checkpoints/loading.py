"""From a chosen checkpoint into the objects: verified first, read whole, and only then given to them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sonovox._internal.errors import CheckpointError, CheckpointWarning
from sonovox.training.checkpoints import speechbrain
from sonovox.training.checkpoints.files import read_part, verify_checkpoint
from sonovox.training.checkpoints.recoverables import Recoverable, restore_files, restore_state
from sonovox.training.checkpoints.search import Checkpoint

__all__ = ["first_sound", "load_states", "tell_of", "verify"]


def verify(checkpoint: Checkpoint, recoverables: Mapping[str, Recoverable]) -> None:
    """Compare every file with its sha256; of SpeechBrain's, which have none, read what will be needed.

    Raises:
        CheckpointError: it is damaged.
    """
    if speechbrain.is_one(checkpoint.path):
        _read_states(checkpoint, recoverables)
    else:
        verify_checkpoint(checkpoint.path)


def first_sound(ordered: Sequence[Checkpoint], check: Callable[[Checkpoint], None]) -> tuple[int | None, list[str]]:
    """The place of the first checkpoint that passes the check, and what is wrong with those before it."""
    wrong = []
    for place, checkpoint in enumerate(ordered):
        try:
            check(checkpoint)
        except CheckpointError as error:
            wrong.append(str(error))
        else:
            return place, wrong
    return None, wrong


def tell_of(wrong: Sequence[str], folder: Path, *, found: bool) -> None:
    """One warning about all checkpoints that were passed over.

    Raises:
        CheckpointError: none was found behind them.
    """
    if not wrong:
        return
    listed = "".join(f"\n  {line}" for line in wrong)
    if not found:
        raise CheckpointError(
            f"no checkpoint in {folder} can be used:{listed}", hint="\nrestore one from a backup, or move the folder"
        )
    warnings.warn(f"checkpoints were passed over:{listed}", CheckpointWarning, stacklevel=3)


def load_states(checkpoint: Checkpoint, recoverables: Mapping[str, Recoverable], *, allow_partial: bool) -> None:
    """Give the objects their states from a checkpoint that was verified.

    SpeechBrain does not keep all that we do, such as random states; what it lacks is
    left as it is, with one warning.

    Raises:
        CheckpointError: a recoverable is not in it, or does not take what is.
    """
    required = [] if allow_partial else [name for name, one in recoverables.items() if not one.optional]
    missing = [name for name in required if name not in checkpoint.paramfiles]
    if missing and speechbrain.is_one(checkpoint.path):
        warnings.warn(
            f"{checkpoint.path} of SpeechBrain has no state of {', '.join(missing)}, which are left as they are",
            CheckpointWarning,
            stacklevel=4,
        )
    elif missing:
        raise CheckpointError(
            f"{checkpoint.path} has no state of {', '.join(missing)}, but of {', '.join(checkpoint.paramfiles)}",
            hint="add it with optional_load=True, or make the Checkpointer with allow_partial_load=True",
        )
    states = _read_states(checkpoint, recoverables)
    end_of_epoch = bool(checkpoint.meta["end-of-epoch"])
    for name, recoverable in recoverables.items():
        if name in states:
            restore_state(recoverable, states[name])
        elif name in checkpoint.paramfiles:
            restore_files(recoverable, checkpoint.path / f"{name}.ckpt", end_of_epoch=end_of_epoch)


def _read_states(checkpoint: Checkpoint, recoverables: Mapping[str, Recoverable]) -> dict[str, Any]:
    """Name -> state, of those that do not read a file of their own."""
    present = {name: one for name, one in recoverables.items() if name in checkpoint.paramfiles}
    if not speechbrain.is_one(checkpoint.path):
        return {name: read_part(checkpoint.path, name) for name in present if _has_tree(checkpoint.path, name)}
    end_of_epoch = bool(checkpoint.meta["end-of-epoch"])
    states = {}
    for name, one in present.items():
        file = checkpoint.paramfiles[name]
        if one.load_hook is None and not (hasattr(one.obj, "load") and not speechbrain.is_torch_file(file)):
            own = one.obj.state_dict() if hasattr(one.obj, "state_dict") else {}
            state = speechbrain.read_part(file)
            states[name] = speechbrain.adapt_state(state, own, end_of_epoch=end_of_epoch)
    return states


def _has_tree(path: Path, name: str) -> bool:
    return (path / f"{name}.json").is_file()
