"""`sonovox vad`: where somebody speaks in recordings."""

from typing import Any

import typer

from sonovox._internal.errors import SonovoxError
from sonovox.cli.console import as_sonovox_error, print_error
from sonovox.cli.inputs import find_inputs

__all__ = ["DEFAULT_MODEL", "vad"]

DEFAULT_MODEL = "speechbrain/vad-crdnn-libriparty"
EXIT_SOME_FAILED, EXIT_ALL_FAILED = 1, 2


def vad(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    model: str = typer.Option(DEFAULT_MODEL, "--model", "-m", help="A model folder or repository."),
    activation: float = typer.Option(0.5, min=0, max=1, help="The probability at which speech begins."),
    deactivation: float = typer.Option(0.25, min=0, max=1, help="The probability below which it ends."),
    close: float = typer.Option(0.25, min=0, help="Join what has at most so many seconds between."),
    shortest: float = typer.Option(0.25, min=0, help="Drop what is not longer, in seconds."),
    energy: bool = typer.Option(False, "--energy", help="Keep only the loud parts of what was found."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only results and errors."),
) -> None:
    """Find where somebody speaks.

    A line for each stretch of speech goes to stdout: file, begin and end in seconds,
    separated by tabs. A file that cannot be read does not stop the others; the exit
    code is 1 then (2 where all failed).
    """
    inputs = find_inputs(files)

    from sonovox.inference.detect_speech import VAD
    from sonovox.inference.device import choose_device

    detector = VAD.from_hparams(
        model,
        offline=True if offline else None,
        progress=False if quiet else None,
        run_opts={"device": choose_device(device or None)},
    )
    thresholds: dict[str, Any] = {
        "activation_th": activation,
        "deactivation_th": deactivation,
        "close_th": close,
        "len_th": shortest,
    }
    failures: list[SonovoxError] = []
    for source in inputs:
        try:
            found = detector.get_speech_segments(source.path, apply_energy_VAD=energy, **thresholds)
        except Exception as error:
            failures.append(as_sonovox_error(error, place=str(source.path)))
            continue
        for begin, end in found.tolist():
            typer.echo(f"{source.path}\t{begin:.2f}\t{end:.2f}")
    for failure in failures:
        print_error(failure, debug=bool(context.obj))
    if failures:
        raise typer.Exit(EXIT_ALL_FAILED if len(failures) == len(inputs) else EXIT_SOME_FAILED)
