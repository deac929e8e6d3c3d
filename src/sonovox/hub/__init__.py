"""Fetch models and recordings, keep them, verify them, and read weights without running code."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names
from sonovox.hub.cache import Cache, CachedFile, Entry, default_cache_folder
from sonovox.hub.fetch import Mirror, fetch, fetch_first
from sonovox.hub.progress import Progress, format_size
from sonovox.hub.sources import Source, parse_source

if TYPE_CHECKING:
    from sonovox.hub.pretrainer import Pretrainer
    from sonovox.hub.weights import (
        Loaded,
        load_checkpoint,
        load_module,
        load_weights,
        pack_weights,
        save_weights,
        transfer,
    )

__all__ = [
    "Cache",
    "CachedFile",
    "Entry",
    "Loaded",
    "Mirror",
    "Pretrainer",
    "Progress",
    "Source",
    "default_cache_folder",
    "fetch",
    "fetch_first",
    "format_size",
    "load_checkpoint",
    "load_module",
    "load_weights",
    "pack_weights",
    "parse_source",
    "save_weights",
    "transfer",
]

# These need torch, which costs seconds to import; the rest of the hub does without.
_WEIGHTS = ("Loaded", "load_checkpoint", "load_module", "load_weights", "pack_weights", "save_weights", "transfer")
__getattr__ = lazy_names(
    __name__, {**dict.fromkeys(_WEIGHTS, "sonovox.hub.weights"), "Pretrainer": "sonovox.hub.pretrainer"}
)
