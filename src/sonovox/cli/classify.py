"""`sonovox classify`: the language, emotion or keyword of recordings, or who of some known speakers speaks."""

import typer

from sonovox.cli.console import note
from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.progress import AudioProgress

__all__ = ["DEFAULT_MODEL", "classify"]

DEFAULT_MODEL = "speechbrain/lang-id-voxlingua107-ecapa"


def classify(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    top: int = typer.Option(1, "--top", "-k", min=1, help="Print so many labels of each recording."),
    model: str = typer.Option(
        "", "--model", "-m", help=f"A model folder or repository. Default: {DEFAULT_MODEL} (107 languages)."
    ),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only results and errors."),
) -> None:
    """Classify recordings: language, emotion, keyword, speaker, as the model has learnt.

    A line for each label goes to stdout: file, label and probability, separated by
    tabs, the likeliest first. Where a model gives cosines and no probabilities, these
    stand there and it is told. The exit code is 1 where some files failed, and 2
    where all did.
    """
    run = FileRun(find_inputs(files), quiet=quiet, debug=bool(context.obj))
    if run.is_hopeless:
        raise typer.Exit(run.report())

    from sonovox.inference.classify import EncoderClassifier
    from sonovox.inference.device import choose_device

    classifier = EncoderClassifier.from_hparams(
        model or DEFAULT_MODEL,
        offline=True if offline else None,
        progress=False if quiet else None,
        run_opts={"device": choose_device(device or None)},
    )
    told = False

    def work(item: Input, progress: AudioProgress) -> None:
        nonlocal told
        progress.begin(item, run.durations.get(item, 0.0))
        found = classifier.rank_file(item.path, top)
        if not (found.are_probabilities or told or quiet):
            note("the model gives cosines, from -1 to 1, and no probabilities")
            told = True
        for label, score in zip(found.labels, found.scores, strict=True):
            progress.line(f"{item.path}\t{label}\t{score:.4f}")
        run.seconds += run.durations.get(item, 0.0)

    run.each(work)
    if code := run.report():
        raise typer.Exit(code)
