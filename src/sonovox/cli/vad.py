"""`sonovox vad`: where somebody speaks in recordings."""

from typing import Any

import typer

from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.progress import AudioProgress

__all__ = ["vad"]


def vad(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    model: str = typer.Option("", "--model", "-m", help="A model folder or repository. Default: Silero VAD (1.2 MB)."),
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
    run = FileRun(find_inputs(files), quiet=quiet, debug=bool(context.obj))
    if run.is_hopeless:
        raise typer.Exit(run.report())

    from sonovox.inference.load_detector import load_detector

    detector = load_detector(
        model or None,
        device=device or None,
        offline=True if offline else None,
        progress=False if quiet else None,
    )
    options: dict[str, Any] = {
        "activation_th": activation,
        "deactivation_th": deactivation,
        "close_th": close,
        "len_th": shortest,
        "apply_energy_VAD": energy,
    }

    def find(item: Input, progress: AudioProgress) -> None:
        progress.begin(item, run.durations.get(item, 0.0))
        found = detector.get_speech_segments(item.path, reached=progress.reached, **options)
        for begin, end in found.tolist():
            progress.line(f"{item.path}\t{begin:.2f}\t{end:.2f}")

    run.each(find)
    if code := run.report():
        raise typer.Exit(code)
