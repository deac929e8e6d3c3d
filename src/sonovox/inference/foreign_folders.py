"""`foreign_class`: model folders that bring a Python file with the class that uses them.

The best known of these classes are our own already: their folders work, and the
file is not even opened. Any other file is run only where the caller trusts its content by its hash.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, HubError, NotInSourceError
from sonovox.hub import fetch, parse_source
from sonovox.hub.sources import LocalSource, is_inside
from sonovox.hub.trust import check_trust, run_trusted
from sonovox.inference.classify import EncoderClassifier
from sonovox.inference.interface import HPARAMS_FILE, Pretrained, read_model_folder
from sonovox.inference.speechbrain_arguments import fetch_arguments

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["KNOWN_CLASSES", "foreign_class"]

# Classes of published folders -> ours, which does the same.
KNOWN_CLASSES: dict[str, type[Pretrained]] = {
    "CustomEncoderWav2vec2Classifier": EncoderClassifier,
    "EncoderWav2vec2Classifier": EncoderClassifier,
}


def foreign_class(
    source: str | os.PathLike[str],
    hparams_file: str = HPARAMS_FILE,
    pymodule_file: str = "custom.py",
    classname: str = "CustomInterface",
    overrides: Mapping[str, Any] | str | None = None,
    savedir: str | os.PathLike[str] | None = None,
    *,
    trust: str | None = None,
    token: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
    **kwargs: Any,
) -> Any:
    """The model in a folder, as an object of a class that the folder brings.

    The YAML file stays a stranger's, whatever is trusted: it names only what stands in the table of names.

    Args:
        source: of the folder, as for `Pretrained.from_hparams`.
        hparams_file: name of the YAML file.
        pymodule_file: name of the Python file in the folder.
        classname: the class in it. One of `KNOWN_CLASSES` needs no file and no trust: ours is used.
        overrides: as for `Pretrained.from_hparams`; so are `savedir`, `token`, `offline` and `progress`.
        savedir: a folder for copies.
        trust: `"sha256:"` and the hash of the Python file, which is run then, also for one of `KNOWN_CLASSES`. It
            comes from here alone, never from a file, the environment or a cache.
        token: for the hub.
        offline: use the cache only.
        progress: who is told.
        kwargs: as for `Pretrained.from_hparams`.

    Raises:
        UntrustedCodeError: the file is not trusted; the hint has the words to add.
        NotInSourceError: there is no such file, or no such class in it.
        HubError, HParamsError, WeightsError, ArgumentError: as for `Pretrained.from_hparams`.
    """
    where = fetch_arguments(source, token, offline, kwargs)
    source = where.source
    options: dict[str, Any] = {"token": where.token, "offline": where.offline, "progress": progress}
    kind: Any = KNOWN_CLASSES.get(classname) if trust is None else None
    if kind is None:
        kind = _trusted_class(source, pymodule_file, classname, trust, options)
    hparams = read_model_folder(source, hparams_file, overrides, savedir, **options)
    return kind(hparams["modules"], hparams, **where.others)


def _trusted_class(
    source: str | os.PathLike[str], pymodule_file: str, classname: str, trust: str | None, options: dict[str, Any]
) -> type:
    origin = parse_source(source)
    if not is_inside(pymodule_file) or not pymodule_file.endswith(".py"):
        raise ArgumentError(f"pymodule_file must be a Python file inside the folder, got {pymodule_file!r}")
    if isinstance(origin, LocalSource):
        path = origin.path / pymodule_file
        if not path.is_file():
            raise NotInSourceError(f"{origin.path} holds no {pymodule_file}", hint="pymodule_file= takes another name")
    else:
        path = fetch(f"{origin}/{pymodule_file}", **options)
    code = path.read_bytes()
    check_trust(code, trust, subject=f"{pymodule_file} of {source}", call='trust="{trust}" to foreign_class')
    try:
        module = run_trusted(code, Path(pymodule_file).stem)
    except Exception as error:
        raise HubError(
            f"{pymodule_file} of {source} cannot be run: {type(error).__name__}: {error}",
            hint="it may need packages that are not installed",
        ) from error
    kind = getattr(module, classname, None)
    if not isinstance(kind, type):
        classes = [name for name, thing in vars(module).items() if isinstance(thing, type)]
        raise NotInSourceError(
            f"{pymodule_file} of {source} has no class {classname}",
            hint=did_you_mean(classname, classes) or f"it has {', '.join(classes) or 'none'}",
        )
    return kind
