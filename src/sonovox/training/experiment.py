"""A run from its YAML file: the folder that says how it came about, and the stages in order."""

import importlib.metadata
import logging
import logging.config
import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonovox import __version__
from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import atomic_path, write_text
from sonovox.hparams import load_hparams, resolve_references, subset
from sonovox.training.distributed import default_device, is_main_process, join_processes
from sonovox.training.options import RunOptions
from sonovox.training.seeding import seed_everything

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["create_experiment_directory", "run_experiment"]

logger = logging.getLogger(__name__)
# Of the many packages on a machine, those whose versions change numbers.
PACKAGES = ("sonovox", "torch", "numpy", "soundfile", "sentencepiece", "safetensors", "PyYAML")


def create_experiment_directory(
    experiment_directory: str | Path,
    hyperparams_to_save: str | Path | None = None,
    overrides: Any = None,
    log_config: Any = None,
    save_env_desc: bool = True,
    *,
    code: Iterable[str | Path] = (),
) -> None:
    """Make the folder of a run, with what is needed to repeat it.

    `train.yaml` is the YAML file with all references resolved and overrides in it
    (`hyperparams.yaml` is the name of a model's file, which a recipe may write later),
    beside it the code, `command.txt` (one line for each start), `versions.txt`, and
    from now on `log.txt` with everything that is logged.

    Args:
        experiment_directory: the folder; an existing one is used again.
        hyperparams_to_save: the YAML file.
        overrides: of its values, as `load_hparams` takes them.
        log_config: a dict for `logging.config.dictConfig`, in place of `log.txt`.
        save_env_desc: write the versions.
        code: Python files of the recipe.
    """
    folder = Path(experiment_directory)
    if not is_main_process():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if hyperparams_to_save is not None:
        write_text(folder / "train.yaml", resolve_references(hyperparams_to_save, overrides))
    for file in map(Path, code):
        if file.resolve() != (folder / file.name).resolve():
            with atomic_path(folder / file.name) as temporary:
                shutil.copyfile(file, temporary)
    commands = folder / "command.txt"
    former = commands.read_text(encoding="utf-8") if commands.exists() else ""
    write_text(commands, f"{former}{shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}\n")
    if save_env_desc:
        write_text(folder / "versions.txt", _versions())
    if log_config is not None:
        logging.config.dictConfig(log_config)
    else:
        _log_to(folder / "log.txt")


def run_experiment(
    hparams_file: str | Path,
    *,
    brain: "Callable[..., Brain] | None" = None,
    datasets: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None,
    finish: "Callable[[Brain], None] | None" = None,
    run_opts: RunOptions | Mapping[str, Any] | None = None,
    overrides: Any = None,
    code: Iterable[Any] = (),
) -> "Brain":
    """Train and evaluate what a YAML file describes; the trained Brain.

    The file holds `output_folder` and what the Brain takes: `modules`, `opt_class`,
    `checkpointer`, `epoch_counter`, `seed`, `train_loader_kwargs` and the like for
    the other stages. What is not given here may stand in the file: `brain` (a class,
    by `!name:`), and `train_set`, `valid_set`, `test_set`.

    Args:
        hparams_file: the YAML file.
        brain: the class of the Brain.
        datasets: takes the values of the file; returns datasets named `train`, `valid` and `test`.
        finish: called with the trained Brain, after the test; writes the model folder, for example.
        run_opts: options; `test_only` leaves the training out.
        overrides: of the file's values.
        code: modules or files whose names the YAML may use.

    Raises:
        ArgumentError: the file lacks what training needs.
        HParamsError: the file cannot be read.
    """
    options = run_opts if isinstance(run_opts, RunOptions) else RunOptions.from_dictionary(run_opts or {})
    code = list(code)
    join_processes(options.distributed_backend, default_device(options.device))
    seed = _seed(hparams_file, overrides)
    seed_everything(seed, verbose=False)  # the first weights are drawn while the file is built
    hparams = load_hparams(hparams_file, overrides, code=[*code, "sonovox.training"])
    folder = hparams.get("output_folder")
    if folder is None:
        raise ArgumentError(
            f"{hparams_file} has no output_folder", hint="add output_folder: results/<name>, where the run writes"
        )
    files = [each for each in code if str(each).endswith(".py")]
    if not options.dry_run:
        create_experiment_directory(folder, hparams_file, overrides, code=files)
    seed_everything(seed, verbose=False)  # whatever the file has drawn
    make_brain = brain or _needed(hparams, "brain", hparams_file)
    sets = datasets(hparams) if datasets is not None else _sets_of(hparams)
    learner = make_brain(
        modules=hparams.get("modules", {}),
        opt_class=hparams.get("opt_class"),
        hparams=hparams,
        run_opts=options,
        checkpointer=hparams.get("checkpointer"),
    )
    _stages(learner, sets, hparams, hparams_file)
    if finish is not None and is_main_process() and not (options.dry_run or options.debug):
        finish(learner)
    return learner


def _seed(hparams_file: str | Path, overrides: Any) -> int:
    """`seed` of the file, of which nothing else is built; 0 where it has none."""
    try:
        text = subset(hparams_file, ["seed"], overrides)
    except ArgumentError:
        return 0
    return int(load_hparams(text)["seed"])


def _stages(learner: "Brain", sets: Mapping[str, Any], hparams: Mapping[str, Any], file: Any) -> None:
    kwargs = {stage: dict(hparams.get(f"{stage}_loader_kwargs") or {}) for stage in ("train", "valid", "test")}
    kwargs["test"] = kwargs["test"] or kwargs["valid"]
    if learner.dry_run:
        from sonovox.training.dry_run import dry_run

        dry_run(learner, sets, kwargs)
        return
    if not learner.test_only:
        counter = _needed(hparams, "epoch_counter", file)
        learner.print_trainable_parameters()
        learner.fit(
            counter,
            _needed(sets, "train", "datasets"),
            sets.get("valid"),
            train_loader_kwargs=kwargs["train"],
            valid_loader_kwargs=kwargs["valid"],
        )
    if sets.get("test") is not None:
        keys = {name: hparams[name] for name in ("min_key", "max_key") if hparams.get(name)}
        learner.evaluate(sets["test"], **keys, test_loader_kwargs=kwargs["test"])


def _sets_of(hparams: Mapping[str, Any]) -> dict[str, Any]:
    return {stage: hparams.get(f"{stage}_set") for stage in ("train", "valid", "test")}


def _needed(values: Mapping[str, Any], key: str, where: Any) -> Any:
    if values.get(key) is None:
        raise ArgumentError(f"{where} has no {key}", hint=did_you_mean(key, values))
    return values[key]


def _versions() -> str:
    lines = [f"sonovox {__version__}", f"python {platform.python_version()}", f"platform {platform.platform()}"]
    for package in PACKAGES[1:]:
        try:
            lines.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    if torch.cuda.is_available():
        lines.append(f"gpu {torch.cuda.get_device_name()}, cuda {torch.version.cuda}")
    return "\n".join(lines) + "\n"


def _log_to(path: Path) -> None:
    """Send what sonovox logs to a file; a second call with another path takes the first one's place."""
    root = logging.getLogger("sonovox")
    for handler in list(root.handlers):
        if isinstance(handler, logging.FileHandler):
            root.removeHandler(handler)
            handler.close()
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(min(root.level or logging.INFO, logging.INFO))
