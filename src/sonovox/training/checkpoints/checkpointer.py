"""Checkpoints that a kill at any instant cannot hurt.

A save takes the states of the recoverables, writes them into a hidden folder,
flushes it, and renames it; older checkpoints are removed after that. The format is
described in `sonovox.training.checkpoints.files`.
"""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from sonovox._internal.errors import ArgumentError, CheckpointWarning
from sonovox.training.checkpoints import search
from sonovox.training.checkpoints.files import files_of
from sonovox.training.checkpoints.folder import CheckpointFolder
from sonovox.training.checkpoints.loading import first_sound, load_states, tell_of, verify
from sonovox.training.checkpoints.recoverables import Captured, Hook, Recoverable, capture
from sonovox.training.checkpoints.search import Checkpoint, Importance, Predicate, ckpt_recency
from sonovox.training.checkpoints.writer import BackgroundWriter
from sonovox.training.distributed import gather_states, is_main_process, run_on_main

__all__ = ["Checkpoint", "Checkpointer", "ckpt_recency"]

_logger = logging.getLogger(__name__)
_Rules = dict[str, Any]  # what `superfluous` or `choose` take


class Checkpointer:
    """Saves the states of objects to folders, finds the best of these, and brings it back.

    A recoverable is an object with `state_dict()` and `load_state_dict(state)`, where
    the state is made of dicts, lists, tuples, numbers, strings, bytes, tensors and
    numpy arrays; or with `save(path)` and `load(path, end_of_epoch=..., device=...)`,
    of which `load` gets what it has arguments for; or one with hooks.

    Modules and optimisers are checked when they are saved. A checkpoint with NaN or
    infinite weights is marked: it is never chosen, and never makes a finite one go.
    Under `torchrun` all processes make the same calls; rank 0 writes.

    Args:
        checkpoints_dir: folder in which each checkpoint is a folder.
        recoverables: name -> object.
        custom_load_hooks: name -> `hook(obj, path, end_of_epoch)`, in place of its own way.
        custom_save_hooks: name -> `hook(obj, path)`.
        allow_partial_load: recoverables that a checkpoint does not have stay as they are.
        background: states are copied at once and written by a thread; `wait` waits for it.
        on_saved: called with each checkpoint when it is safe on the disk.

    Attributes:
        recoverables: name -> object.
        saves: how many times a save was asked for.

    >>> import tempfile
    >>> model = torch.nn.Linear(2, 1)
    >>> checkpointer = Checkpointer(tempfile.mkdtemp(), {"model": model})
    >>> for wer in (9.1, 4.2, 5.0):
    ...     _ = checkpointer.save_and_keep_only(meta={"WER": wer}, min_keys=["WER"])
    >>> [checkpoint.meta["WER"] for checkpoint in checkpointer.list_checkpoints()]
    [5.0, 4.2]
    >>> checkpointer.recover_if_possible(min_key="WER").meta["WER"]
    4.2
    """

    def __init__(
        self,
        checkpoints_dir: str | Path,
        recoverables: Mapping[str, Any] | None = None,
        custom_load_hooks: Mapping[str, Hook] | None = None,
        custom_save_hooks: Mapping[str, Hook] | None = None,
        allow_partial_load: bool = False,
        *,
        background: bool = False,
        on_saved: Callable[[Checkpoint], object] | None = None,
    ) -> None:
        self.checkpoints_dir = Path(checkpoints_dir)
        self.allow_partial_load = allow_partial_load
        self.background = background
        self.on_saved = on_saved
        self.recoverables: dict[str, Any] = {}
        self.saves = 0
        self._load_hooks: dict[str, Hook | None] = {}
        self._save_hooks: dict[str, Hook | None] = {}
        self._optional: set[str] = set()
        self._writer = BackgroundWriter()
        self._folder = CheckpointFolder(self.checkpoints_dir, self._verify)
        loads, saves = custom_load_hooks or {}, custom_save_hooks or {}
        for name, obj in (recoverables or {}).items():
            self.add_recoverable(name, obj, loads.get(name), saves.get(name))
        if unknown := (loads.keys() | saves.keys()) - self.recoverables.keys():
            raise ArgumentError(f"there are hooks for {', '.join(sorted(unknown))}, which are no recoverables")
        if is_main_process():
            self._folder.clear_leftovers()

    def add_recoverable(
        self,
        name: str,
        obj: Any,
        custom_load_hook: Hook | None = None,
        custom_save_hook: Hook | None = None,
        optional_load: bool = False,
    ) -> None:
        """Keep the state of one more object; a name that is there already now means this one.

        Args:
            name: of its files.
            obj: see the class.
            custom_load_hook: `hook(obj, path, end_of_epoch)`.
            custom_save_hook: `hook(obj, path)`.
            optional_load: where a checkpoint does not have it, it stays as it is.

        Raises:
            ArgumentError: the object has no state, or the name cannot be that of a file.
        """
        Recoverable(name, obj, custom_load_hook, custom_save_hook)  # says what is wrong with it
        self.recoverables[name] = obj
        self._load_hooks[name], self._save_hooks[name] = custom_load_hook, custom_save_hook
        (self._optional.add if optional_load else self._optional.discard)(name)

    def add_recoverables(self, recoverables: Mapping[str, Any]) -> None:
        """Keep the states of more objects, given as name -> object."""
        for name, obj in recoverables.items():
            self.add_recoverable(name, obj)

    def save_checkpoint(
        self,
        meta: Mapping[str, Any] = {},  # read only
        end_of_epoch: bool = True,
        name: str | None = None,
        verbosity: int = logging.INFO,
    ) -> Checkpoint:
        """The new checkpoint, which is safe on the disk; with `background`, once `wait` returns.

        Args:
            meta: by which checkpoints are found again: metrics, the epoch, and the like.
            end_of_epoch: whether an epoch has just ended.
            name: the folder becomes `CKPT+name` and replaces one of this name; otherwise it is named by the time.
            verbosity: level of the log message.

        Raises:
            CheckpointError: a state has values that a checkpoint cannot hold.
            WriteError: the disk is full, and the like; all older checkpoints stand.
        """
        return self._save(meta, end_of_epoch, name, verbosity, None)

    def save_and_keep_only(
        self,
        meta: Mapping[str, Any] = {},  # read only
        end_of_epoch: bool = True,
        name: str | None = None,
        num_to_keep: int = 1,
        keep_recent: bool = True,
        importance_keys: Sequence[Importance] = (),
        max_keys: Sequence[str] = (),
        min_keys: Sequence[str] = (),
        ckpt_predicate: Predicate | None = None,
        verbosity: int = logging.INFO,
    ) -> Checkpoint:
        """Save, and when the new checkpoint is safe on the disk, remove others.

        Args:
            meta: see `save_checkpoint`, as for `end_of_epoch`, `name` and `verbosity`.
            num_to_keep: how many of the best by each key are kept.
            keep_recent: the newest are kept too.
            importance_keys: see `delete_checkpoints`, as for the other keys and the predicate.

        Raises:
            CheckpointError: see `save_checkpoint`.
            WriteError: see `save_checkpoint`; none was removed.
        """
        keys = [ckpt_recency, *importance_keys] if keep_recent else list(importance_keys)
        rules: _Rules = {
            "num_to_keep": num_to_keep,
            "importance_keys": keys,
            "max_keys": tuple(max_keys or ()),
            "min_keys": tuple(min_keys or ()),
            "ckpt_predicate": ckpt_predicate,
        }
        search.superfluous([], **rules)  # wrong arguments are told before anything is written
        return self._save(meta, end_of_epoch, name, verbosity, rules)

    def find_checkpoint(
        self,
        importance_key: Importance | None = None,
        max_key: str | None = None,
        min_key: str | None = None,
        ckpt_predicate: Predicate | None = None,
    ) -> Checkpoint | None:
        """The most important checkpoint, or None; see `find_checkpoints`."""
        found = self.find_checkpoints(importance_key, max_key, min_key, ckpt_predicate, 1)
        return found[0] if found else None

    def find_checkpoints(
        self,
        importance_key: Importance | None = None,
        max_key: str | None = None,
        min_key: str | None = None,
        ckpt_predicate: Predicate | None = None,
        max_num_checkpoints: int | None = None,
    ) -> list[Checkpoint]:
        """The finite checkpoints, most important first; their large files are not looked at.

        Args:
            importance_key: function of a checkpoint; the greatest comes first. Without any key, the newest.
            max_key: of the meta; the greatest comes first. Checkpoints without it are left out.
            min_key: of the meta; the smallest comes first. Checkpoints without it are left out.
            ckpt_predicate: False for those to leave out.
            max_num_checkpoints: at most so many.

        Raises:
            ArgumentError: more than one key.
        """
        found = search.choose(
            self.list_checkpoints(),
            importance_key=importance_key,
            max_key=max_key,
            min_key=min_key,
            ckpt_predicate=ckpt_predicate,
        )
        return found[:max_num_checkpoints]

    def recover_if_possible(
        self,
        importance_key: Importance | None = None,
        max_key: str | None = None,
        min_key: str | None = None,
        ckpt_predicate: Predicate | None = None,
    ) -> Checkpoint | None:
        """The checkpoint whose states the objects have now, or None when there is none to choose.

        Every file is verified before anything is loaded. Where the most important
        checkpoint is damaged, the next one is taken, with one warning.

        Args:
            importance_key: see `find_checkpoints`, as for the rest.

        Raises:
            CheckpointError: there are checkpoints, but each is damaged or not finite;
                or the objects do not take what was saved.
        """
        self.wait()
        rules: _Rules = {
            "importance_key": importance_key, "max_key": max_key, "min_key": min_key, "ckpt_predicate": ckpt_predicate,
        }  # fmt: skip
        search.choose([], **rules)  # wrong arguments are told on all processes
        # Rank 0 looks, for all: it alone knows when its own writing is done.
        looked = self._choose(rules) if is_main_process() else None
        chosen, wrong, known = gather_states(looked)[0]
        tell_of(wrong, self.checkpoints_dir, found=chosen is not None)
        if chosen is not None:
            self._load(chosen)
        elif known and (key := max_key or min_key):
            warnings.warn(
                f"nothing was recovered: no checkpoint has {key!r} in its meta, which has {', '.join(known)}",
                CheckpointWarning,
                stacklevel=2,
            )
        return chosen

    def load_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Verify a checkpoint, then give the objects the states that it holds; all of them or none.

        Raises:
            CheckpointError: it is damaged, lacks a recoverable, or does not fit an object.
        """
        self.wait()
        self._verify(checkpoint)
        self._load(checkpoint)

    def list_checkpoints(self) -> list[Checkpoint]:
        """All checkpoints that are whole by their small files, newest first; those that are not finite too."""
        self.wait()
        return search.scan(self.checkpoints_dir)[0]

    def delete_checkpoints(
        self,
        *,
        num_to_keep: int = 1,
        min_keys: Sequence[str] | None = None,
        max_keys: Sequence[str] | None = None,
        importance_keys: Sequence[Importance] = (ckpt_recency,),
        ckpt_predicate: Predicate | None = None,
        verbosity: int = logging.INFO,
    ) -> None:
        """Remove the checkpoints that are not among the best by any key; one that can be loaded always stays.

        Args:
            num_to_keep: how many of the best by each key are kept.
            min_keys: keys of the meta of which small values are good.
            max_keys: keys of the meta of which great values are good.
            importance_keys: functions of a checkpoint, of which great values are good.
            ckpt_predicate: only those for which it is true are removed.
            verbosity: level of the log messages.

        Raises:
            ArgumentError: a negative number.
            WriteError: one cannot be removed.
        """
        self.wait()
        run_on_main(
            self._delete,
            (verbosity,),
            {
                "num_to_keep": num_to_keep,
                "importance_keys": list(importance_keys or ()),
                "max_keys": list(max_keys or ()),
                "min_keys": list(min_keys or ()),
                "ckpt_predicate": ckpt_predicate,
            },
        )

    def wait(self) -> None:
        """Return when no checkpoint is being written; raises what went wrong in the background."""
        self._writer.wait()

    def close(self) -> None:
        """The same as `wait`, at the end of training. Python itself does so before it exits."""
        self.wait()

    def _save(
        self,
        meta: Mapping[str, Any],
        end_of_epoch: bool,
        name: str | None,
        verbosity: int,
        rules: dict[str, Any] | None,
    ) -> Checkpoint:
        self._writer.join()  # before there are two copies in memory
        in_background = self.background and is_main_process()
        # On all processes: sharded weights and random states come together here.
        captured = {key: capture(one, copy=in_background) for key, one in self._described().items()}
        stamp, folder = gather_states(self._folder.stamp(name) if is_main_process() else None)[0]
        path = self.checkpoints_dir / folder
        checkpoint = Checkpoint(
            path,
            {**_plain(meta), "unixtime": stamp, "end-of-epoch": end_of_epoch},
            {key: path / files_of(key, state.part)[-1] for key, state in captured.items()},
        )

        def work() -> None:
            self._write(checkpoint, captured, verbosity, rules)

        if in_background:
            self._writer.run(work)
        elif not self.background:
            run_on_main(work)
        self.saves += 1
        return checkpoint

    def _write(
        self, checkpoint: Checkpoint, captured: Mapping[str, Captured], verbosity: int, rules: _Rules | None
    ) -> None:
        nonfinite = [key for key, state in captured.items() if not state.is_finite()]
        if nonfinite:
            checkpoint.meta["nonfinite"] = nonfinite
            _logger.warning("%s is not finite, and will not be used: %s", checkpoint.path, ", ".join(nonfinite))
        with self._folder.locked():
            self._folder.write(checkpoint, {key: state.part for key, state in captured.items()})
            _logger.log(verbosity, "saved %s", checkpoint.path)
            if rules is not None and not nonfinite:
                self._folder.delete(verbosity, **rules)
        if self.on_saved is not None:
            self.on_saved(checkpoint)

    def _delete(self, verbosity: int, **rules: Any) -> None:
        if self.checkpoints_dir.is_dir():
            with self._folder.locked():
                self._folder.delete(verbosity, **rules)

    def _described(self) -> dict[str, Recoverable]:
        return {
            name: Recoverable(name, obj, self._load_hooks.get(name), self._save_hooks.get(name), name in self._optional)
            for name, obj in self.recoverables.items()
        }

    def _choose(self, rules: _Rules) -> tuple[Checkpoint | None, list[str], list[str]]:
        """The first sound checkpoint, what is wrong with others, and the names in the meta of all that can be read."""
        readable, damaged = search.scan(self.checkpoints_dir)
        ordered = search.choose(readable, **rules)
        first, wrong = first_sound(ordered, self._verify)
        told = [str(error) for error in damaged]
        told += [f"{ckpt.path} is not finite" for ckpt in readable if not search.is_finite(ckpt)]
        known = sorted({key for ckpt in readable for key in ckpt.meta})
        return (None if first is None else ordered[first]), told + wrong, known

    def _verify(self, checkpoint: Checkpoint) -> None:
        verify(checkpoint, self._described())

    def _load(self, checkpoint: Checkpoint) -> None:
        load_states(checkpoint, self._described(), allow_partial=self.allow_partial_load)
        _logger.info("recovered %s", checkpoint.path)


def _plain(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics are often tensors of one number."""
    return {key: value.item() if isinstance(value, torch.Tensor) else value for key, value in meta.items()}
