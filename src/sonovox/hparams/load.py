"""`load_hparams`: a YAML file of hyperparameters into a dict of values and objects."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sonovox._internal.errors import HParamsError
from sonovox.hparams.build import Builder
from sonovox.hparams.document import Mapping, fault
from sonovox.hparams.include import Includer
from sonovox.hparams.limits import OPEN, STRICT, LimitExceeded, Limits
from sonovox.hparams.lookup import Names
from sonovox.hparams.modules import Code, open_modules
from sonovox.hparams.overrides import Overrides, override_nodes, update
from sonovox.hparams.parse import parse_text
from sonovox.hparams.source import HParamsSource, read_source

__all__ = ["load_hparams", "read_tree"]


def load_hparams(
    source: HParamsSource,
    overrides: Overrides = None,
    *,
    code: Iterable[Code] | Code = (),
    overrides_must_match: bool = True,
    limits: Limits | None = None,
    include_root: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """The values of a YAML file by their names, with objects made and references resolved.

    Without `code` the file is a stranger's: it can name only what stands in the
    table of names, and small limits hold. With `code` it is your own: the
    public names of exactly these modules come on top, and what recipes need.
    Names that begin with `__` are computed and left out of the result.

    Args:
        source: a path, an open stream, or YAML text.
        overrides: values over those of the file: a dict, YAML text, a stream, or command line words such as
            `["--lr", "1e-4", "--model.layers=3"]`.
        code: modules, their dotted names, or paths of `.py` files (`train.py` is `train` in the YAML).
        overrides_must_match: whether a key of `overrides` that the file does not have is an error.
        limits: how much the file may ask for; by default `STRICT` without `code`, `OPEN` with it.
        include_root: the folder that `!include:` may read from; by default the folder of the file.

    Raises:
        HParamsError: with file, line and key, what was expected, and the nearest match.
        ArgumentError: `code` or the words of `overrides` cannot be used.

    >>> values = load_hparams("n_fft: 400\\nlayer: !new:torch.nn.Linear [!ref <n_fft> // 2 + 1, 10]", {"n_fft": 512})
    >>> values["layer"]
    Linear(in_features=257, out_features=10, bias=True)
    """
    modules = open_modules(code)
    limits = limits or (OPEN if modules else STRICT)
    try:
        root = read_tree(source, overrides, limits, must_match=overrides_must_match, include_root=include_root)
        builder = Builder(Names(modules), limits)
        builder.find_names(root)
        if builder.named and limits.weights is not None:
            _check_size(root, builder)
        values = builder.build(root, "")
    except HParamsError as error:
        # The frames between here and there are of no use to whoever reads this.
        cause = error.__cause__
        raise error.with_traceback(None) from None if isinstance(cause, LimitExceeded) else cause
    except RecursionError:
        raise HParamsError("too deep to be read", file=str(getattr(source, "name", source))[:200]) from None
    if not isinstance(values, dict):
        raise fault(root.place, "", "expected names with values at the top of the file, got an object")
    return {key: value for key, value in values.items() if not key.startswith("__")}


def _check_size(root: Mapping, builder: Builder) -> None:
    """Refuse a file that makes too much before any of it is made; constructors that cannot run dry are passed over."""
    dry = Builder(builder.names, builder.limits, dry=True)
    dry.named = builder.named
    try:
        dry.build(root, "")
    except HParamsError as error:
        if isinstance(error.__cause__, LimitExceeded):
            raise


def read_tree(
    source: HParamsSource,
    overrides: Overrides,
    limits: Limits,
    *,
    must_match: bool,
    include_root: str | os.PathLike[str] | None = None,
) -> Mapping:
    """The tree of a file, with included files and overrides in it.

    Raises:
        HParamsError: see `load_hparams`.
    """
    text, document = read_source(source, limits.file_bytes)
    root = parse_text(text, document, limits)
    document.folder = document.folder or (Path(include_root) if include_root is not None else None)
    folder = Path(include_root) if include_root is not None else document.folder
    includer = Includer(folder, limits, len(text))
    root = document.root = includer.expand(root)
    changes = override_nodes(overrides, root, limits)
    if changes is not None:
        includer.expand(changes)
        update(root, changes, "", must_match=must_match)
    return root
