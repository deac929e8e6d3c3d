"""`sonovox evaluate`: the test of an experiment, with its best checkpoint."""

from pathlib import Path

import typer

from sonovox.cli.train import CODE, run

__all__ = ["evaluate"]


def evaluate(
    context: typer.Context,
    hparams_file: Path = typer.Argument(help="The YAML file of the experiment."),
    code: list[Path] = CODE,
) -> None:
    """Evaluate a trained experiment on its test set, with its best checkpoint.

    Give it the same file, --code and overrides as `sonovox train`.
    """
    run(context, hparams_file, code, "--test_only")
