"""`Pretrainer`: parameters and labels for the parts of a model, from wherever they are.

First all files are collected, then all are loaded, so that nothing is half done
when a file is missing. Files of weights are read without running code
(`hub/weights.py`) and must fit exactly, unless asked otherwise.
"""

import contextlib
import filecmp
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, HubError, NotInSourceError, SonovoxError, SourceError, WeightsError
from sonovox._internal.files import atomic_path
from sonovox.hub.fetch import fetch
from sonovox.hub.sources import LocalSource, PackageSource, Source, is_inside, parse_source, spelled_out

if TYPE_CHECKING:
    from sonovox.hub.progress import Progress
    from sonovox.hub.weights import Loaded

__all__ = ["Pretrainer"]

# What a file of a loadable may be called behind its name, the preferred one first.
_MODULE_SUFFIXES = (".safetensors", ".ckpt")
_OTHER_SUFFIXES = (".ckpt", ".txt", ".model")

Hook = Callable[[Any, Path], object]
Condition = bool | Callable[[], bool]


class Pretrainer:
    """Collects files for things that can be loaded, and loads them.

    What can be loaded: modules, of `.safetensors` or `.ckpt`; and what has a
    method `load(path)`, such as label encoders and SentencePiece processors.

    Args:
        collect_in: folder for copies of the files, under the names of their loadables; None uses them where
            they are.
        loadables: name -> what is to be loaded.
        paths: name -> file: a local path, `owner/name/file`, or any source of `hub.fetch`. Others are looked
            for in `default_source` of `collect_files`, under their names.
        custom_hooks: name -> function `(loadable, path)` that loads it.
        conditions: name -> whether it is to be loaded, or a function that tells.

    >>> import tempfile, torch
    >>> from sonovox.hub import save_weights
    >>> layer = torch.nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(f"{folder}/layer.safetensors", {"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
    ...     pretrainer = Pretrainer(loadables={"layer": layer})
    ...     files = pretrainer.collect_files(folder)
    ...     loaded = pretrainer.load_collected()
    >>> layer(torch.tensor([3.0, 4.0])).item()
    7.0
    """

    def __init__(
        self,
        collect_in: str | os.PathLike[str] | None = None,
        loadables: Mapping[str, Any] | None = None,
        paths: Mapping[str, str | os.PathLike[str]] | None = None,
        custom_hooks: Mapping[str, Hook] | None = None,
        conditions: Mapping[str, Condition] | None = None,
    ) -> None:
        self.loadables: dict[str, Any] = {}
        self.paths: dict[str, str | os.PathLike[str]] = {}
        self.custom_hooks: dict[str, Hook] = {}
        self.conditions: dict[str, Condition] = {}
        self._collected: dict[str, Path] = {}
        self.set_collect_in(collect_in)
        self.add_loadables(loadables or {})
        self.add_paths(paths or {})
        self.add_custom_hooks(custom_hooks or {})
        self.add_conditions(conditions or {})

    def set_collect_in(self, path: str | os.PathLike[str] | None) -> None:
        """Change the folder for copies; it is made when there is something to copy."""
        self.collect_in = None if path is None else Path(path)

    def add_loadables(self, loadables: Mapping[str, Any]) -> None:
        """Add things to be loaded, by their names.

        Raises:
            ArgumentError: a name that cannot be that of a file.
        """
        for name in loadables:
            if not (isinstance(name, str) and "/" not in name and is_inside(name)):
                raise ArgumentError(f"the name of a loadable must be one of a file, got {name!r}", hint="a plain word")
        self.loadables.update(loadables)

    def add_paths(self, paths: Mapping[str, str | os.PathLike[str]]) -> None:
        """Add files, by the names of their loadables.

        Raises:
            ArgumentError: what is no path.
        """
        for name, path in paths.items():
            if not isinstance(path, str | os.PathLike):
                raise ArgumentError(f"the path of {name} must be a text, got {path!r}")
        self.paths.update(paths)

    def add_custom_hooks(self, custom_hooks: Mapping[str, Hook]) -> None:
        """Add functions `(loadable, path)` that load, by the names of their loadables.

        Raises:
            ArgumentError: what is no function.
        """
        for name, hook in custom_hooks.items():
            if not callable(hook):
                raise ArgumentError(f"the hook of {name} must be a function (loadable, path), got {hook!r}")
        self.custom_hooks.update(custom_hooks)

    def add_conditions(self, conditions: Mapping[str, Condition]) -> None:
        """Add conditions: truth values, or functions that give one."""
        self.conditions.update(conditions)

    @staticmethod
    def split_path(path: str | os.PathLike[str]) -> tuple[str, str]:
        """The source and the file name in a path, which may be an address or that of a repository.

        >>> Pretrainer.split_path("speechbrain/spkrec-ecapa-voxceleb/embedding_model.ckpt")
        ('speechbrain/spkrec-ecapa-voxceleb', 'embedding_model.ckpt')
        >>> Pretrainer.split_path("lm.ckpt")
        ('./', 'lm.ckpt')
        """
        source, slash, name = os.fspath(path).rpartition("/")
        return (source or slash or "./"), name

    def is_loadable(self, name: str) -> bool:
        """Whether the condition of a loadable holds; without one it does."""
        condition = self.conditions.get(name, True)
        return bool(condition() if callable(condition) else condition)

    def collect_files(
        self,
        default_source: str | os.PathLike[str] | Source | None = None,
        *,
        confined: bool = False,
        token: str | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> dict[str, Path]:
        """The file of each loadable, fetched into the cache where it is not on this machine.

        A path into a repository is looked for in a `default_source` that is a folder or
        a wheel first, so that what was copied from the hub works without it.

        Args:
            default_source: folder, repository (`hf:owner/name`, `owner/name`), or the beginning of an address
                or of a `pypi:` source, in which loadables without a path are looked for.
            confined: the paths were written by a stranger: relative ones begin at `default_source`, and
                nothing on this machine outside of it is read.
            token: as for `hub.fetch`; so are `offline` and `progress`.
            offline: use the cache only.
            progress: who is told.

        Raises:
            ArgumentError: a path or a condition for what is no loadable; no path, and no `default_source`.
            HubError: a file cannot be had; the message names the loadable.
            WriteError: a copy cannot be written.
        """
        for name in [*self.paths, *self.custom_hooks, *self.conditions]:
            if name not in self.loadables:
                raise ArgumentError(
                    f"there is no loadable {name!r} among {', '.join(self.loadables) or 'none'}",
                    hint=did_you_mean(name, self.loadables),
                )
        origin = None if default_source is None else parse_source(default_source)
        options: dict[str, Any] = {"token": token, "offline": offline, "progress": progress}
        collected = {}
        for name in filter(self.is_loadable, self.loadables):
            try:
                found = self._on_disk(name, origin, confined)
                if found is None:
                    found = _fetched(self._remote(name, origin, confined), options)
            except SonovoxError as error:
                raise type(error)(f"{name}: {error.message}", hint=error.hint) from error
            collected[name] = self._copied(name, found)
        self._collected = collected
        return dict(collected)

    def load_collected(self, *, partial: bool = False) -> "dict[str, Loaded]":
        """Load what was collected, by `collect_files` here or by another process into the same `collect_in`.

        Args:
            partial: let modules have names that the weights lack, and weights names that the modules lack.
                Shapes must be right even so, and some name must be.

        Returns:
            For each module the names that had no counterpart.

        Raises:
            ArgumentError: nothing was collected, or a loadable of a kind that cannot be loaded.
            WeightsError: a file does not fit, is damaged, needs code to be read, or has NaN or infinity.
            DataError: a file of labels is not in its format.
        """
        files = {name: self._file_of(name) for name in filter(self.is_loadable, self.loadables)}
        loaded: dict[str, Loaded] = {}
        for name, path in files.items():
            loadable = self.loadables[name]
            if name in self.custom_hooks:
                self.custom_hooks[name](loadable, path)
            elif _is_module(loadable):
                from sonovox.hub.weights import load_module

                loaded[name] = load_module(loadable, path, strict=not partial)
            else:
                _load_other(name, loadable, path)
        return loaded

    def _names(self, name: str) -> list[str]:
        suffixes = _MODULE_SUFFIXES if _is_module(self.loadables[name]) else _OTHER_SUFFIXES
        return [name + suffix for suffix in suffixes]

    def _on_disk(self, name: str, origin: Source | None, confined: bool) -> Path | None:
        """The file, if it is on this machine and not in the cache."""
        given = os.fspath(self.paths[name]) if name in self.paths else ""
        if given and not confined and _is_file(Path(given).expanduser()):
            return Path(given).expanduser()
        if not isinstance(origin, LocalSource):
            return None
        candidates = [given, self.split_path(given)[1].partition("?")[0]] if given else []
        # A folder of copies has the names of the loadables, also for what came from elsewhere.
        if not given or spelled_out(given):
            candidates += self._names(name)
        candidates = [file for file in dict.fromkeys(candidates) if is_inside(file)]
        found = next((origin.path / file for file in candidates if _is_file(origin.path / file)), None)
        if found is None and not spelled_out(given):
            raise NotInSourceError(
                f"the folder {origin.path} holds no {' or '.join(candidates) or given}", hint="is the folder whole?"
            )
        return found

    def _remote(self, name: str, origin: Source | None, confined: bool) -> list[str]:
        """Where the file is in the network: places of which the first that has it will do."""
        given = os.fspath(self.paths[name]) if name in self.paths else ""
        if confined and given.startswith("http://"):
            raise SourceError(f"{given} is not fetched: anybody on the way could change it", hint="use https://")
        if (remote := spelled_out(given)) is not None:
            beside = dict.fromkeys([self.split_path(given)[1].partition("?")[0], *self._names(name)])
            # A wheel that mirrors a repository has its files beside the YAML file that names the repository.
            return [*(f"{origin}/{file}" for file in beside if isinstance(origin, PackageSource)), remote]
        if given and (origin is None or not confined):
            raise NotInSourceError(f"there is no file {given}", hint="a path is local, owner/name/file or an address")
        if origin is None:
            raise ArgumentError(
                "it has no path, and there is no default_source", hint="give paths={...} or collect_files(source)"
            )
        if given and not is_inside(given):
            raise NotInSourceError(f"{given} lies outside of {origin}", hint="do not use this model")
        return [f"{origin}/{file}" for file in ([given] if given else self._names(name))]

    def _copied(self, name: str, found: Path) -> Path:
        if self.collect_in is None:
            return found
        names = self._names(name)
        copy = self.collect_in / next((file for file in names if file.endswith(found.suffix)), f"{name}.ckpt")
        if not (copy.is_file() and filecmp.cmp(found, copy, shallow=False)):
            with atomic_path(copy) as temporary:
                shutil.copyfile(found, temporary)
        return copy

    def _file_of(self, name: str) -> Path:
        if name in self._collected:
            return self._collected[name]
        names = self._names(name) if self.collect_in is not None else []
        for file in names:
            if self.collect_in is not None and (self.collect_in / file).is_file():
                return self.collect_in / file
        raise ArgumentError(f"there is no file yet for {name}", hint="call collect_files first")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for the system
        return False


def _is_module(loadable: object) -> bool:
    from torch import nn

    return isinstance(loadable, nn.Module)


def _fetched(places: list[str], options: dict[str, Any]) -> Path:
    """The first of the files that is in the cache, or else in the network."""
    if len(places) > 1:
        for place in places:
            with contextlib.suppress(HubError):
                return fetch(place, **{**options, "offline": True})
        for place in places[:-1]:
            with contextlib.suppress(NotInSourceError):
                return fetch(place, **options)
    return fetch(places[-1], **options)


def _load_other(name: str, loadable: Any, path: Path) -> None:
    if not callable(getattr(loadable, "load", None)):
        raise ArgumentError(
            f"{name} is a {type(loadable).__name__}, which cannot be loaded",
            hint="loadables are modules or have a method load(path); custom_hooks load others",
        )
    try:
        loadable.load(str(path))
    except SonovoxError:
        raise
    except (OSError, RuntimeError) as error:  # of SentencePiece, which tells its own line of source
        raise WeightsError(f"{path} cannot be loaded into a {type(loadable).__name__}: {error}") from error
