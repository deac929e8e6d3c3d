"""`sonovox enhance`: recordings without their noise."""

from pathlib import Path

import typer

from sonovox._internal.errors import ArgumentError
from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import AUDIO_SUFFIXES, Input, find_inputs
from sonovox.cli.output_folder import check_folder
from sonovox.cli.progress import AudioProgress

__all__ = ["DEFAULT_MODEL", "enhance"]

DEFAULT_MODEL = "speechbrain/metricgan-plus-voicebank"


def enhance(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    output: Path = typer.Option(
        Path(), "--output", "-o", readable=False, help="A folder; or for one recording a file. Default: here."
    ),
    model: str = typer.Option(
        "", "--model", "-m", help=f"A model folder or repository. Default: {DEFAULT_MODEL} (16 kHz)."
    ),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only results and errors."),
) -> None:
    """Take the noise out of recordings of speech.

    talk.mp3 becomes talk_enhanced.wav, of one channel, with its sample rate and
    length; the name goes to stdout. What the model has not heard, above half of its
    own rate, is silent. The exit code is 1 where some files failed, 2 where all did.
    """
    run = FileRun(find_inputs(files), quiet=quiet, debug=bool(context.obj))
    is_file = output.suffix.lower() in AUDIO_SUFFIXES and not output.is_dir()
    if is_file and len(run.inputs) > 1:
        raise ArgumentError(f"{output} is one file, for {len(run.inputs)} recordings", hint="give a folder")
    check_folder(output.parent if is_file else output)
    if run.is_hopeless:
        raise typer.Exit(run.report())

    from sonovox.inference.load_enhancer import clean_parts, load_enhancer
    from sonovox.inference.separation import SepformerSeparation
    from sonovox.inference.written_sources import write_sources

    enhancer = load_enhancer(
        model or DEFAULT_MODEL,
        device=device or None,
        offline=True if offline else None,
        progress=False if quiet else None,
    )

    def work(item: Input, progress: AudioProgress) -> None:
        progress.begin(item, run.durations.get(item, 0.0))
        target = output if is_file else output / item.stem.parent / f"{item.stem.name}_enhanced.wav"
        written = write_sources(
            item.path,
            clean_parts(enhancer, item.path),
            enhancer.sample_rate,
            [target],
            fit=isinstance(enhancer, SepformerSeparation),  # its loudness is any
            reached=progress.reached,
        )
        for remark in written.remarks:
            progress.note(f"{item.path}: {remark}")
        progress.line(str(target))
        run.seconds += run.durations.get(item, 0.0)

    run.each(work)
    if code := run.report():
        raise typer.Exit(code)
