"""What the blocks have in common: where their model comes from, and freezing.

A model folder is a stranger's, and reading its YAML must open no file. So blocks
can be built without a model and get it afterwards, from inside the folder or from
the hub.
"""

import copy
import os
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torch import nn

from sonovox._internal.errors import ArgumentError, SourceError
from sonovox.hub.sources import LocalSource, Source, is_inside

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["PretrainedBlock", "confined_source", "local_sources", "open_blocks", "open_like"]

_REPOSITORY = re.compile(r"(?:hf:)?([\w.-]+/[\w.-]+)")


class PretrainedBlock(nn.Module):
    """A module around a pretrained `model`.

    Args:
        source: of the model.
        freeze: evaluation mode, whatever `train()` says, and no gradients.

    Attributes:
        as_speechbrain: whether it gives SpeechBrain's numbers where they depend on the padding.
        opens_itself: whether it has its model from the start, or only after `open`.
        published: names of models that `open` knows by heart.

    Raises:
        ArgumentError: a source that is no path.
    """

    model: nn.Module
    as_speechbrain: bool = False
    opens_itself: ClassVar[bool] = True
    published: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, source: str | os.PathLike[str], freeze: bool) -> None:
        super().__init__()
        if not isinstance(source, str | os.PathLike):
            raise ArgumentError(f"source must be a folder or a repository, got {source!r}", hint="such as owner/name")
        self.source = source
        self.freeze = freeze

    @abstractmethod
    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read the model of `source`."""

    @property
    def is_open(self) -> bool:
        """Whether it has its model."""
        return hasattr(self, "model")

    def apply_freeze(self) -> None:
        """Freeze the model if `freeze` says so."""
        if self.freeze:
            self.model.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Any:
        """As of any module, but that a frozen model stays in evaluation mode."""
        super().train(mode)
        if self.freeze and self.is_open:
            self.model.eval()
        return self


def open_blocks(
    values: Iterable[object],
    folder: Source,
    *,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> None:
    """Give their models to the blocks that a file in `folder` describes.

    Args:
        values: of the file; blocks are looked for in modules and mappings of modules.
        folder: where the file is; see `confined_source`.
        offline: use the cache only.
        progress: who is told.

    Raises:
        SourceError: a model from elsewhere.
        HubError: a model cannot be had.
        WeightsError: it is not what the block wants.
    """
    for value in values:
        if isinstance(value, Mapping):
            open_blocks(value.values(), folder, offline=offline, progress=progress)
        elif isinstance(value, nn.Module):
            for block in value.modules():
                if isinstance(block, PretrainedBlock) and not block.is_open:
                    known = os.fspath(block.source) in block.published
                    source = block.source if known else confined_source(block.source, folder)
                    block.open(source, offline=offline, progress=progress)


def open_like(built: nn.Module, trained: nn.Module) -> None:
    """Give the unopened blocks in `built` copies of the parts of those in the same places in `trained`."""
    for name, block in list(built.named_modules()):
        if isinstance(block, PretrainedBlock) and not block.is_open:
            other = trained.get_submodule(name)
            for part, value in (*other.named_children(), *other.named_parameters(recurse=False)):
                setattr(block, part, copy.deepcopy(value))


def local_sources(module: nn.Module) -> set[Path]:
    """The folders on this machine from which the blocks in `module` have their models.

    >>> local_sources(nn.Linear(1, 1))
    set()
    """
    blocks = (block for block in module.modules() if isinstance(block, PretrainedBlock) and block.is_open)
    return {Path(block.source) for block in blocks if Path(block.source).is_dir()}


def confined_source(source: str | os.PathLike[str], folder: Source) -> str:
    """Where the model is that a file in `folder` names: inside of it, or a repository of the hub.

    What lies in the folder under that name, or under its last part, goes before a repository: a model that was copied
    into the folder is found there, wherever the training had it from.

    Raises:
        SourceError: anywhere else.

    >>> confined_source("facebook/wav2vec2-base", LocalSource(Path("model")))
    'hf:facebook/wav2vec2-base'
    """
    name = os.fspath(source)
    for inside in (name, Path(name).name):
        if isinstance(folder, LocalSource) and inside and is_inside(inside) and (folder.path / inside).is_dir():
            return str(folder.path / inside)
    repository = _REPOSITORY.fullmatch(name)
    if repository is None or not is_inside(repository[1]):
        raise SourceError(
            f"the model {name!r} is neither in {folder} nor a repository", hint="copy the folder of the encoder into it"
        )
    return f"hf:{repository[1]}"
