"""`sonovox transcribe`: recordings to text, subtitles and data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sonovox._internal.checks import check_choice
from sonovox.cli.console import human_time, note
from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.output_folder import check_folder

if TYPE_CHECKING:
    from sonovox.cli.progress import AudioProgress
    from sonovox.inference.recogniser import Recogniser
    from sonovox.inference.transcript import Segment

__all__ = ["Job", "chosen_formats", "transcribe"]

FORMATS = ("txt", "srt", "vtt", "json", "tsv")
# Options that are left as they are do not reach the model, which may not have them.
DEFAULTS = {
    "task": "transcribe",
    "beam_size": 1,
    "initial_prompt": "",
    "language": None,
    "condition_on_previous_text": False,
}


def transcribe(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    model: str = typer.Option(
        "", "--model", "-m", help="A name of `sonovox models list`, a folder or a repository. Default: tiny.en."
    ),
    language: str = typer.Option(
        "",
        "--language",
        "-l",
        help="Code or English name; detected when left out. Of MMS models: code of an adapter, such as fra.",
    ),
    task: str = typer.Option("transcribe", help="transcribe, or translate into English."),
    formats: str = typer.Option(
        "", "--format", "-f", help=f"Files to write, separated by commas: {', '.join(FORMATS)}."
    ),
    output_dir: Path = typer.Option(
        None, "--output-dir", "-o", readable=False, help="Where to write them. Default: here."
    ),
    beam: int = typer.Option(1, min=1, help="Hypotheses of the beam search; 1 is greedy."),
    prompt: str = typer.Option("", help="Text taken as said before: names, spelling, style."),
    condition: bool = typer.Option(False, help="Let each 30 s window read what was said before it."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    precision: str = typer.Option("", help="fp32, fp16 or bf16. Default: fp16 on a GPU, else fp32."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only text and errors."),
) -> None:
    """Transcribe recordings.

    The text goes to stdout, line by line as it is recognised; files are written
    only with --format or --output-dir. A file that cannot be read does not stop the
    others; it is reported at the end, and the exit code is 1 (2 where all failed).
    """
    kinds = chosen_formats(formats, output_dir)
    folder = output_dir or Path()
    if kinds:
        check_folder(folder)
    options: dict[str, Any] = {"task": task, "beam_size": beam, "initial_prompt": prompt}
    options |= {"language": language or None, "condition_on_previous_text": condition}
    options = {name: value for name, value in options.items() if value != DEFAULTS[name]}
    inputs = find_inputs(files)

    from sonovox.inference.asr import DEFAULT_MODEL, decoding_options
    from sonovox.inference.load_recogniser import load_recogniser
    from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED

    # A model is fetched only when it is of use; of others than Whisper's, languages are not known before.
    is_whisper = (model or DEFAULT_MODEL) in (*PRETRAINED, *ALIASES)
    decoding_options(options if is_whisper else {**options, "language": None})
    job = Job(inputs, kinds, folder, quiet=quiet, debug=bool(context.obj))
    if job.is_hopeless:
        raise typer.Exit(job.report())
    recogniser = load_recogniser(
        model or DEFAULT_MODEL,
        device=device or None,
        precision=precision or None,
        language=language or None,
        offline=True if offline else None,
        progress=False if quiet else None,
    )
    if getattr(getattr(recogniser, "hparams", None), "language", None) == language:
        options.pop("language", None)  # it is one of the model's own
    recogniser.check(options)
    if not model and not quiet:
        note(f"model: {DEFAULT_MODEL} (small, English; -m base hears many languages, -m turbo is the most exact)")
    if kinds and not recogniser.has_times and not quiet:
        note("this model does not tell when words are said; times are those of pieces between pauses")
    job.run(recogniser, options)
    if code := job.report():
        raise typer.Exit(code)


def chosen_formats(words: str, output_dir: Path | None) -> list[str]:
    """The formats to write; all text formats are known by their suffix.

    Raises:
        ChoiceError: an unknown format; the nearest one is suggested.
    """
    kinds = [word.strip().lower().lstrip(".") for word in words.split(",") if word.strip()]
    for kind in kinds:
        check_choice("format", kind, FORMATS)
    if not kinds and output_dir is not None:
        return ["txt", "srt"]
    return list(dict.fromkeys(kinds))


class Job(FileRun):
    """One run over some inputs: what it prints, writes and remembers of failures.

    Args:
        inputs: what to transcribe.
        kinds: formats to write.
        folder: where to.
        quiet: no progress and no remarks.
        debug: failures with their tracebacks.
    """

    def __init__(self, inputs: list[Input], kinds: list[str], folder: Path, *, quiet: bool, debug: bool) -> None:
        super().__init__(inputs, quiet=quiet, debug=debug)
        self.kinds, self.folder = kinds, folder

    def run(self, recogniser: "Recogniser", options: dict[str, Any]) -> None:
        """Transcribe the inputs that have not failed yet."""
        self.each(lambda item, progress: self._one(recogniser, options, item, progress))

    def _one(self, recogniser: "Recogniser", options: dict[str, Any], item: Input, progress: "AudioProgress") -> None:
        from sonovox.inference.transcript import Transcript

        segments: list[Segment] = []
        parts = recogniser.parts([item.path], **options)
        part = next(parts)  # without segments: the file was read
        progress.begin(item, part.duration)
        if len(self.inputs) > 1:
            progress.line(f"{item.path}:")
        for part in parts:
            segments += part.segments
            progress.reached(part.seconds)
            for segment in part.segments:
                progress.line(f"[{human_time(segment.start)} - {human_time(segment.end)}] {segment.text}")
        progress.reached(part.duration)
        self.seconds += part.duration
        if not segments:
            progress.note(f"no speech was found in {item.path}")
        transcript = Transcript(tuple(segments), language=part.language, duration=part.duration)
        for kind in self.kinds:
            target = self.folder / item.stem.parent / f"{item.stem.name}.{kind}"
            transcript.save(target)
            progress.note(f"wrote {target}")
