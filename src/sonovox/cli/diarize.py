"""`sonovox diarize`: who spoke when in recordings."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import SonovoxError, WriteError
from sonovox._internal.optional import require
from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.output_folder import check_folder
from sonovox.cli.progress import AudioProgress

if TYPE_CHECKING:
    from sonovox.inference.diarization import Diarization

__all__ = ["diarize"]


def diarize(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    num_speakers: int = typer.Option(None, "--num-speakers", "-n", min=1, help="How many speak; found when left out."),
    max_speakers: int = typer.Option(10, min=1, help="At most so many are found."),
    output_dir: Path = typer.Option(
        Path(), "--output-dir", "-o", readable=False, help="Where to write the RTTM files. Default: here."
    ),
    plot: bool = typer.Option(False, "--plot", help="Draw the turns over a spectrogram, as PNG beside the RTTM."),
    model: str = typer.Option(
        "", "--model", "-m", help="A model of voices: folder or repository. Default: ECAPA-TDNN of VoxCeleb (93 MB)."
    ),
    detector: str = typer.Option("", help="A detector of speech: folder or repository. Default: Silero VAD (1.2 MB)."),
    clustering: str = typer.Option("spectral", help="spectral or agglomerative."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only results and errors."),
) -> None:
    """Tell who spoke when.

    A line for each turn goes to stdout: file, begin and end in seconds and the
    speaker, separated by tabs; and an RTTM file is written for each recording. One
    that is there is replaced only if it holds an earlier result of this command.
    Where two speak at once, one of them is told. The exit code is 1 where some files
    failed, and 2 where all did.
    """
    check_choice("clustering", clustering, ["spectral", "agglomerative"])
    check_folder(output_dir)
    if plot:
        require("matplotlib", purpose="--plot")
    run = FileRun(find_inputs(files), quiet=quiet, debug=bool(context.obj))
    for item in run.inputs:
        if item not in run.failures and (wrong := _not_ours(_target(output_dir, item, "rttm"))):
            run.failures[item] = wrong
    if run.is_hopeless:
        raise typer.Exit(run.report())

    from sonovox.inference.diarization import DEFAULT_VOICES, Diarizer

    diarizer = Diarizer.from_pretrained(
        model or DEFAULT_VOICES,
        detector or None,
        device=device or None,
        offline=True if offline else None,
        progress=False if quiet else None,
    )

    def tell(item: Input, progress: AudioProgress) -> None:
        progress.begin(item, run.durations.get(item, 0.0))
        found = diarizer.diarize_file(
            item.path, num_speakers, max_speakers=max_speakers, clustering=clustering, reached=progress.reached
        )
        for turn in found.turns:
            progress.line(f"{item.path}\t{turn.start:.2f}\t{turn.end:.2f}\t{turn.speaker}")
        if not found.turns:
            progress.note(f"no speech was found in {item.path}")
        _write(found, item, output_dir, plot, progress)
        run.seconds += found.duration

    run.each(tell)
    if code := run.report():
        raise typer.Exit(code)


def _write(found: "Diarization", item: Input, folder: Path, plot: bool, progress: AudioProgress) -> None:
    target = _target(folder, item, "rttm")
    found.save(target, item.stem.name)
    progress.note(f"wrote {target}")
    if plot:
        from sonovox.inference.diarization_plot import plot_diarization

        picture = _target(folder, item, "png")
        plot_diarization(found, item.path, picture)
        progress.note(f"wrote {picture}")


def _target(folder: Path, item: Input, suffix: str) -> Path:
    return folder / item.stem.parent / f"{item.stem.name}.{suffix}"


def _not_ours(target: Path) -> SonovoxError | None:
    """What is wrong with writing over a file: it may be somebody's reference, made by hand."""
    from sonovox.text import read_rttm

    if not target.exists():
        return None
    try:
        speakers = {turn.speaker for turns in read_rttm(target).values() for turn in turns}
    except SonovoxError:
        speakers = {"?"}
    if all(name.startswith("speaker") and name.removeprefix("speaker").isdigit() for name in speakers):
        return None
    return WriteError(
        f"{target} is there, and no result of this command", hint="move it away, or choose another --output-dir"
    )
