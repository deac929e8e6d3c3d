"""What callers of SpeechBrain give `from_hparams` about where and how files are fetched, in our words.

fetch_config            its token, revision, and allow_network=False for offline
use_auth_token          a token; True or False for the one that is stored, which is used anyway
revision                of a repository on the hub
local_strategy, huggingface_cache_dir, overwrite, fetch_from, download_only, pymodule_file
                        no effect: files are copied or used where they are, from one cache
"""

import os
from dataclasses import dataclass, replace
from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox.hub.sources import HubSource, LocalSource, parse_source

__all__ = ["FetchArguments", "fetch_arguments"]

WITHOUT_EFFECT = (
    "download_only",
    "fetch_from",
    "huggingface_cache_dir",
    "local_strategy",
    "overwrite",
    "pymodule_file",
)


@dataclass(frozen=True)
class FetchArguments:
    """Where files come from, and the arguments that are left.

    Attributes:
        source: with the revision, where one was given.
        token: for the hub; None for the one that is stored.
        offline: use the cache only.
        others: of the class that is built.
    """

    source: str | os.PathLike[str]
    token: str | None
    offline: bool | None
    others: dict[str, Any]


def fetch_arguments(
    source: str | os.PathLike[str], token: str | None, offline: bool | None, kwargs: dict[str, Any]
) -> FetchArguments:
    """What our own arguments and SpeechBrain's among `kwargs` say together; ours go first.

    Args:
        source: of a model folder.
        token: for the hub.
        offline: use the cache only.
        kwargs: other arguments of `from_hparams`.

    Raises:
        ArgumentError: a revision of something that has none.

    >>> found = fetch_arguments("owner/name", None, None, {"revision": "v1", "freeze_params": False})
    >>> found.source, found.others
    ('hf:owner/name@v1', {'freeze_params': False})
    """
    others = {name: value for name, value in kwargs.items() if name not in WITHOUT_EFFECT}
    config, auth = others.pop("fetch_config", None), others.pop("use_auth_token", None)
    revision = others.pop("revision", None) or getattr(config, "revision", None)
    for given in (auth, getattr(config, "token", None)):
        token = given if token is None and isinstance(given, str) else token
    if offline is None and getattr(config, "allow_network", True) is False:
        offline = True
    if revision is None:
        return FetchArguments(source, token, offline, others)
    origin = parse_source(source)
    if isinstance(origin, HubSource):
        source = str(replace(origin, revision=revision))
    elif not isinstance(origin, LocalSource):
        raise ArgumentError(f"revision is for repositories on the hub, got {source}", hint="leave revision out")
    return FetchArguments(source, token, offline, others)
