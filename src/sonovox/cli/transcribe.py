"""`sonovox transcribe`: recordings to text, subtitles and data."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import SonovoxError
from sonovox.cli.console import human_time, note, print_error
from sonovox.cli.inputs import Input, find_inputs
from sonovox.cli.progress import progress_of

if TYPE_CHECKING:
    from sonovox.cli.progress import AudioProgress
    from sonovox.inference.asr import WhisperASR
    from sonovox.inference.transcript import Segment, Transcript

__all__ = ["transcribe"]

FORMATS = ("txt", "srt", "vtt", "json", "tsv")


def transcribe(
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'talks/*.mp3'."),
    model: str = typer.Option(
        "", "--model", "-m", help="A name of `sonovox models list`, a folder or a repository. Default: tiny.en."
    ),
    language: str = typer.Option("", "--language", "-l", help="Code or English name; detected when left out."),
    task: str = typer.Option("transcribe", help="transcribe, or translate into English."),
    formats: str = typer.Option(
        "", "--format", "-f", help=f"Files to write, separated by commas: {', '.join(FORMATS)}."
    ),
    output_dir: Path = typer.Option(None, "--output-dir", "-o", help="Where to write them. Default: here."),
    beam: int = typer.Option(1, help="Hypotheses of the beam search; 1 is greedy."),
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
    options: dict[str, Any] = {"task": task, "beam_size": beam, "initial_prompt": prompt}
    options |= {"language": language or None, "condition_on_previous_text": condition}
    inputs = find_inputs(files)

    from sonovox.inference.asr import DEFAULT_MODEL, WhisperASR, decoding_options

    decoding_options(options)
    if not model and not quiet:
        note(f"model: {DEFAULT_MODEL} (small, English; -m base hears many languages, -m turbo is the most exact)")
    asr = WhisperASR.from_pretrained(
        model or DEFAULT_MODEL,
        device=device or None,
        precision=precision or None,
        offline=True if offline else None,
        progress=False if quiet else None,
    )
    code = Job(asr, options, kinds, output_dir or Path(), quiet).run(inputs)
    if code:
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


class Job:
    """One run over some inputs: what it prints, writes and remembers of failures."""

    def __init__(self, asr: "WhisperASR", options: dict[str, Any], kinds: list[str], folder: Path, quiet: bool) -> None:
        self.asr, self.options, self.kinds, self.folder, self.quiet = asr, options, kinds, folder, quiet
        self.failures: list[tuple[Path, SonovoxError]] = []

    def run(self, inputs: list[Input]) -> int:
        """Transcribe all of `inputs`; return the exit code."""
        began = time.perf_counter()
        seconds = 0.0
        with progress_of(inputs, quiet=self.quiet) as progress:
            for item in inputs:
                try:
                    seconds += self._one(item, progress, heading=len(inputs) > 1).duration or 0.0
                except SonovoxError as error:
                    self.failures.append((item.path, error))
                    progress.skip(item)
        self._report(len(inputs), seconds, time.perf_counter() - began)
        if not self.failures:
            return 0
        return 2 if len(self.failures) == len(inputs) else 1

    def _one(self, item: Input, progress: "AudioProgress", *, heading: bool) -> "Transcript":
        from sonovox.inference.transcript import Transcript

        segments: list[Segment] = []
        for part in self.asr.parts([item.path], **self.options):
            if part.seconds == 0.0 and not part.segments:
                progress.begin(item, part.duration)
                if heading:
                    progress.line(f"{item.path}:")
            segments += part.segments
            for segment in part.segments:
                progress.line(f"[{human_time(segment.start)} - {human_time(segment.end)}] {segment.text}")
            progress.reached(part.seconds)
        transcript = Transcript(tuple(segments), language=part.language, duration=part.duration)
        for kind in self.kinds:
            target = self.folder / item.stem.parent / f"{item.stem.name}.{kind}"
            transcript.save(target)
            progress.note(f"wrote {target}")
        return transcript

    def _report(self, n_inputs: int, seconds: float, elapsed: float) -> None:
        sys.stdout.flush()
        if not self.quiet and seconds > 0:
            done = n_inputs - len(self.failures)
            files = "1 file" if done == 1 else f"{done} files"
            note(
                f"{files}, {human_time(seconds)} of audio in {human_time(elapsed)}: {seconds / elapsed:.1f}x real time"
            )
        if self.failures and n_inputs > 1:
            note(f"{len(self.failures)} of {n_inputs} files failed:")
        for _, error in self.failures:
            print_error(error)
