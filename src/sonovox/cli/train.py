"""`sonovox train`: an experiment from its YAML file."""

import inspect
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sonovox._internal.errors import ArgumentError
from sonovox.cli.console import note

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["CONTEXT", "log_on_stderr", "run", "train"]

# Whatever is no option of the command is one of the run, or overrides a value of the YAML file.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
CODE = typer.Option(
    None, "--code", "-c", help="Python file with the Brain and the datasets; its names may stand in the YAML."
)


def train(
    context: typer.Context,
    hparams_file: Path = typer.Argument(help="The YAML file of the experiment."),
    code: list[Path] = CODE,
) -> None:
    """Train what a YAML file describes; the same command goes on where a run has stopped.

    Further words are options of the run, such as --precision bf16, --device cuda,
    --grad_accumulation_factor 4, --ckpt_interval_minutes 5, --overfit_batches 1,
    --dry_run, --debug (a few batches, nothing saved), or override values of the
    file: --lr 1e-4, --model.layers=3.

    The file given with --code has one subclass of Brain, a function datasets(hparams)
    that returns datasets named train, valid and test, and, if you like, a function
    finish(brain) for the end.
    """
    run(context, hparams_file, code)


def run(context: typer.Context, hparams_file: Path, code: list[Path] | None, *options: str) -> None:
    """What `train` and `evaluate` share.

    Args:
        context: with the further words.
        hparams_file: the YAML file.
        code: files of the recipe.
        options: of the run, as words, on top of those of the context.
    """
    if not hparams_file.is_file():
        raise ArgumentError(f"there is no file {hparams_file}", hint="the first word is the YAML file")
    if not code and (beside := hparams_file.parent.parent / "train.py").is_file():
        note(f"{beside} is not used; --code {beside} does")
    from sonovox.hparams.modules import open_modules
    from sonovox.training.experiment import run_experiment
    from sonovox.training.options import RunOptions

    debug = ["--debug"] if context.obj else []
    _, given, overrides = RunOptions.from_command_line_args([str(hparams_file), *context.args, *debug, *options])
    modules = open_modules(code or ())
    with log_on_stderr():
        run_experiment(
            hparams_file,
            brain=_brain_in(list(modules.values())),
            datasets=_first(modules.values(), "datasets"),
            finish=_first(modules.values(), "finish"),
            run_opts=given,
            overrides=overrides,
            code=code or (),
        )


def _brain_in(modules: "list[ModuleType]") -> Any:
    """The one subclass of Brain that the files define; None where there is none."""
    from sonovox.training.brain import Brain

    found = [
        thing
        for module in modules
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Brain) and thing.__module__ == module.__name__
    ]
    leaves = [one for one in found if not any(other is not one and issubclass(other, one) for other in found)]
    if len(leaves) > 1:
        names = ", ".join(one.__name__ for one in leaves)
        raise ArgumentError(f"--code defines several Brains: {names}", hint="name one in the YAML: brain: !name:file.X")
    return leaves[0] if leaves else None


def _first(modules: Any, name: str) -> Any:
    return next((vars(module)[name] for module in modules if callable(vars(module).get(name))), None)


@contextmanager
def log_on_stderr() -> Iterator[None]:
    """What is logged, as plain lines for the person at the terminal."""
    handler = _Notes(logging.INFO if os.environ.get("RANK", "0") == "0" else logging.WARNING)  # torchrun has many
    logger = logging.getLogger("sonovox")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        prefix = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        note(prefix + record.getMessage())
