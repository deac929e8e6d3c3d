"""The YAML language of experiments and model folders: values, references, and objects from a table of names."""

from sonovox.hparams.dump import Placeholder, RefTag, dump, resolve_references, subset
from sonovox.hparams.limits import OPEN, STRICT, Limits
from sonovox.hparams.load import load_hparams
from sonovox.hparams.overrides import parse_overrides

__all__ = [
    "Limits",
    "OPEN",
    "Placeholder",
    "RefTag",
    "STRICT",
    "dump",
    "load_hparams",
    "parse_overrides",
    "resolve_references",
    "subset",
]
