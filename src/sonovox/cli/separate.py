"""`sonovox separate`: the voices of a mixture, each in a file of its own."""

from pathlib import Path

import typer

from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.output_folder import check_folder
from sonovox.cli.progress import AudioProgress

__all__ = ["DEFAULT_MODEL", "separate"]

DEFAULT_MODEL = "speechbrain/sepformer-wsj02mix"


def separate(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'mixes/*.wav'."),
    output_dir: Path = typer.Option(
        Path(), "--output-dir", "-o", readable=False, help="Where to write the sources. Default: here."
    ),
    model: str = typer.Option(
        "", "--model", "-m", help=f"A model folder or repository. Default: {DEFAULT_MODEL} (two speakers, 8 kHz)."
    ),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only results and errors."),
) -> None:
    """Separate the voices, or other sources, of recordings.

    mix.wav becomes mix_source1.wav, mix_source2.wav and so on, of one channel, with
    its sample rate and length and as loud as they are in it; their names go to
    stdout. Long files go through the model in chunks, in which each source keeps
    its place. The exit code is 1 where some files failed, and 2 where all did.
    """
    check_folder(output_dir)
    run = FileRun(find_inputs(files), quiet=quiet, debug=bool(context.obj))
    if run.is_hopeless:
        raise typer.Exit(run.report())

    import itertools

    from sonovox.inference.device import choose_device
    from sonovox.inference.separation import SepformerSeparation
    from sonovox.inference.written_sources import write_sources

    separator = SepformerSeparation.from_hparams(
        model or DEFAULT_MODEL,
        offline=True if offline else None,
        progress=False if quiet else None,
        run_opts={"device": choose_device(device or None)},
    )

    def work(item: Input, progress: AudioProgress) -> None:
        progress.begin(item, run.durations.get(item, 0.0))
        parts = separator.separate_blocks(item.path)
        first = next(parts)  # tells how many there are
        name = item.stem.name
        targets = [output_dir / item.stem.parent / f"{name}_source{number}.wav" for number in range(1, len(first) + 1)]
        written = write_sources(
            item.path,
            itertools.chain([first], parts),
            separator.sample_rate,
            targets,
            fit=True,
            reached=progress.reached,
        )
        for remark in written.remarks:
            progress.note(f"{item.path}: {remark}")
        for target in targets:
            progress.line(str(target))
        run.seconds += run.durations.get(item, 0.0)

    run.each(work)
    if code := run.report():
        raise typer.Exit(code)
