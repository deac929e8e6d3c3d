"""Repositories of the Hugging Face hub: which files a revision holds, and with what hashes.

The hub is asked through huggingface_hub (its tokens, `HF_TOKEN`, `HF_ENDPOINT`);
the bytes come through `hub/download.py`, since huggingface_hub throws an interrupted
file away and starts again from nothing.
"""

import fnmatch
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import HubError, NetworkError, NotInSourceError, OfflineError
from sonovox.hub.cache import Entry, check_hash
from sonovox.hub.download import download
from sonovox.hub.order import Order
from sonovox.hub.reach import REACH_S, check_reachable, remember_unreachable, short_reason
from sonovox.hub.sources import HubSource, is_inside

__all__ = ["HubOrder", "git_blob_sha1", "hub_address", "select"]

# The same weights for other frameworks, and what no model is loaded from.
_OTHER_FRAMEWORKS = (
    "*.h5", "*.msgpack", "*.onnx", "*.onnx_data", "onnx/*", "*.tflite", "*.ot", "*.mlmodel", "*.mlpackage/*",
    "coreml/*", "*openvino*", "*.gguf", "*.fp32*", ".git*", "*/.git*", "*.tfevents*", "runs/*",
)  # fmt: skip

_PICKLED = ("*pytorch_model*.bin", "*adapter_model.bin", "*.bin.index.json")


class HubOrder(Order[HubSource]):
    """An order of files of a repository, or of one of them where the source has a path."""

    @property
    def host(self) -> str:
        """The host of the hub, with the port where it is given."""
        return urlsplit(hub_address()).netloc

    def recorded(self) -> Entry | None:
        """The entry that this revision meant when it was fetched.

        A branch goes on meaning that commit until the entry is removed: the same
        words give the same bytes, with and without a network.
        """
        manifests = sorted((self.cache.folder / self.source.folder).glob("*.json"))
        entries = [Entry.read(manifest.with_suffix("")) for manifest in manifests]
        return next((entry for entry in entries if self.source.revision in (entry.commit, *entry.revisions)), None)

    def asked(self) -> Entry:
        """The entry of the commit that this revision is now, with the files that the hub offers there."""
        from huggingface_hub import HfApi

        check_reachable(hub_address())
        api = HfApi(endpoint=hub_address(), token=self.token, library_name="sonovox")
        try:
            info = api.model_info(
                self.source.repository, revision=self.source.revision, files_metadata=True, timeout=REACH_S
            )
        except Exception as error:  # the client under huggingface_hub changes with its version, and its errors too
            raise self._translated(error) from error
        commit = info.sha or ""
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise NetworkError(f"{self.host} answers without a commit", hint="is HF_ENDPOINT the address of a hub?")
        entry = Entry.read(self.cache.folder / self.source.folder / commit[:12], self.source.origin)
        entry.commit = commit
        entry.revisions = sorted({*entry.revisions, self.source.revision} - {commit})
        entry.offers = {file.rfilename: _offer(file) for file in info.siblings or [] if is_inside(file.rfilename)}
        return entry

    def names(self, entry: Entry) -> list[str]:
        """Those of the files on offer that were ordered."""
        return select(entry.offers, self.source, self.files, self.optional)

    def bring(self, entry: Entry, name: str, partial: Path) -> None:
        """Download a file of the commit, or the rest of it."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        url = hf_hub_url(self.source.repository, name, revision=entry.commit, endpoint=hub_address())
        headers = build_hf_headers(token=self.token, library_name="sonovox")
        offer = entry.offers[name]
        hashed = bool(offer["sha256"] or offer["git"])
        download(url, partial, progress=self.progress, size=offer["size"], verified=hashed, headers=headers)

    def check(self, entry: Entry, name: str, partial: Path, sha256: str) -> None:
        """Compare with the hash that the hub states, and with the one that the caller gave."""
        offer, subject, hint = entry.offers[name], f"{name} of {self.source} came with", "fetch it again"
        if offer["sha256"]:
            check_hash(subject, sha256, offer["sha256"], hint=hint)
        elif offer["git"]:
            check_hash(subject, git_blob_sha1(partial), offer["git"], kind="git hash", hint=hint)
        if self.sha256 is not None:
            check_hash(subject, sha256, self.sha256, hint="it is not the file that was expected")

    def result(self, entry: Entry) -> Path:
        """The folder of the commit, or the one file."""
        return entry.folder / self.source.path

    def _translated(self, error: Exception) -> HubError:
        from huggingface_hub import errors

        if isinstance(error, errors.OfflineModeIsEnabled):
            return OfflineError("huggingface_hub was told to stay offline (HF_HUB_OFFLINE)")
        if isinstance(error, errors.RevisionNotFoundError):
            return NotInSourceError(f"{self.source.origin} has no revision {self.source.revision!r}")
        if isinstance(error, errors.RepositoryNotFoundError):  # the hub gives one answer for both
            return NotInSourceError(
                f"{self.host} has no repository {self.source.repository}, or hides it from this token",
                hint="check the name; for a private or gated one set HF_TOKEN",
            )
        if isinstance(error, errors.HfHubHTTPError):
            return NetworkError(f"{self.host} answers {error.response.status_code}")
        remember_unreachable(self.host, short_reason(error))
        return NetworkError(f"{self.host}: {short_reason(error)}")


def hub_address() -> str:
    """The address of the hub: `HF_ENDPOINT`, or the one that huggingface_hub knows."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def select(
    offers: Iterable[str], source: HubSource, files: Sequence[str] | None, optional: Sequence[str] = ()
) -> list[str]:
    """The names of the files that are wanted from `offers`.

    Args:
        offers: all files of the repository.
        source: where its `path` is given, that file alone.
        files: names, which must exist, or patterns with `*`, `?` and `[…]` (`*` also
            crosses folders). None leaves out other frameworks' copies of the weights,
            and PyTorch's where safetensors are offered.
        optional: of further names or patterns those that there are, PyTorch's weights left out in the same way.

    Raises:
        NotInSourceError: a name does not exist, or nothing matches.

    >>> offers = ["config.json", "flax_model.msgpack", "model.safetensors", "pytorch_model.bin"]
    >>> select(offers, HubSource("openai/whisper-tiny.en"), None)
    ['config.json', 'model.safetensors']
    """
    offers = sorted(offers)
    names = [source.path] if source.path else list(files or [])
    for name in names:
        if name not in offers and not any(mark in name for mark in "*?["):
            raise NotInSourceError(
                f"hf:{source.repository} has no file {name!r} at revision {source.revision}",
                hint=did_you_mean(name, offers) or f"it has {', '.join(offers[:20])}",
            )
    if source.path:
        return names
    if files is None:
        chosen = _without_pickles([name for name in offers if not _matches(name, _OTHER_FRAMEWORKS)])
    else:
        further = _without_pickles([name for name in offers if _matches(name, optional)])
        chosen = [name for name in offers if name in further or _matches(name, files)]
    if not chosen:
        raise NotInSourceError(
            f"hf:{source.repository} has no file that matches {', '.join(files or ['a model'])}",
            hint=f"it has {', '.join(offers[:20]) or 'no files'}",
        )
    return chosen


def git_blob_sha1(path: Path) -> str:
    """The name that git gives to the content of a file, which the hub states for small files.

    Git, "Git Internals: Git Objects": sha1 of `blob`, the size, a zero byte and the content.
    """
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _offer(file: Any) -> dict[str, Any]:
    # Large files are stored outside git, under their sha256; the git hash is that of a pointer.
    large = file.lfs
    return {"size": file.size, "sha256": large.sha256 if large else "", "git": "" if large else file.blob_id or ""}


def _without_pickles(names: list[str]) -> list[str]:
    """The same without PyTorch's weights, where there are safetensors."""
    if not any(name.endswith(".safetensors") for name in names):
        return names
    return [name for name in names if not _matches(name, _PICKLED)]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
