"""Embeddings by name, in a file: `.npz` for numpy, `.safetensors`, or a Kaldi archive `.ark` with its `.scp`."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, DataError, WeightsError
from sonovox._internal.files import atomic_write
from sonovox.hub import load_weights, save_weights
from sonovox.io.kaldi_ark import read_vec_flt_ark, read_vec_flt_scp, write_ark

__all__ = ["EMBEDDING_SUFFIXES", "check_embedding_name", "load_embeddings", "save_embeddings"]

EMBEDDING_SUFFIXES = (".npz", ".safetensors", ".ark")


def save_embeddings(path: str | os.PathLike[str], embeddings: Mapping[str, Tensor]) -> Path:
    """Write embeddings; the file is there as a whole or not at all.

    Args:
        path: `.npz` (an array for each name), `.safetensors`, or `.ark`, which gets a list `.scp` beside it.
        embeddings: name -> `(features,)`; other shapes are flattened.

    Raises:
        ArgumentError: another suffix, or for an archive a name with spaces.
        WriteError: the disk is full, and the like.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save_embeddings(f"{folder}/voices.npz", {"a/one": torch.ones(1, 1, 2)})
    ...     load_embeddings(file)
    {'a/one': tensor([1., 1.])}
    """
    path = check_embedding_name(path)
    vectors = {name: value.detach().float().cpu().flatten().contiguous() for name, value in embeddings.items()}
    if path.suffix == ".safetensors":
        save_weights(path, vectors)
    elif path.suffix == ".ark":
        write_ark(path, vectors.items(), scp=path.with_suffix(".scp"))
    else:
        # `numpy.savez` takes names as its own arguments, of which some are taken.
        with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, vector in vectors.items():
                array = io.BytesIO()
                np.lib.format.write_array(array, vector.numpy(), allow_pickle=False)
                archive.writestr(f"{name}.npy", array.getvalue())
    return path


def load_embeddings(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Name -> `(features,)`, float32, of a file that `save_embeddings` wrote, or of a list `.scp`.

    Raises:
        ArgumentError: another suffix.
        DataError: the file is missing or damaged, or holds other things than finite vectors of one size.
        ArchiveError: a Kaldi archive that cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*EMBEDDING_SUFFIXES, ".scp"):
        raise ArgumentError(f"embeddings are {', '.join(EMBEDDING_SUFFIXES)} or .scp, got {path}", hint="see --help")
    if not path.is_file():
        raise DataError(f"there is no file {path}", hint="`sonovox embed` writes embeddings")
    try:
        if suffix == ".safetensors":
            found = load_weights(path)
        elif suffix == ".npz":
            with path.open("rb") as file, np.load(file) as stored:
                found = {name: torch.from_numpy(stored[name]) for name in stored.files}
        else:
            found = dict((read_vec_flt_ark if suffix == ".ark" else read_vec_flt_scp)(path))
    except (WeightsError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(f"{path} holds no embeddings: {error}", hint="make it again with `sonovox embed`") from error
    wrong = [name for name, vector in found.items() if not (vector.dim() == 1 and bool(vector.isfinite().all()))]
    sizes = sorted({vector.shape[-1] for vector in found.values() if vector.dim() == 1})
    if wrong or len(sizes) > 1:
        what = f"{', '.join(wrong[:5])} are no vectors of numbers" if wrong else f"their sizes are {sizes}"
        raise DataError(f"{path} does not hold embeddings of one model: {what}", hint="make it again")
    return {name: vector.float() for name, vector in found.items()}


def check_embedding_name(path: str | os.PathLike[str]) -> Path:
    """The path, if its suffix is one that can be written.

    Raises:
        ArgumentError: another one.

    >>> check_embedding_name("voices.npz").name
    'voices.npz'
    """
    path = Path(path)
    if path.suffix not in EMBEDDING_SUFFIXES:
        raise ArgumentError(
            f"embeddings are written as {', '.join(EMBEDDING_SUFFIXES)}, got {path}", hint="for example voices.npz"
        )
    return path
