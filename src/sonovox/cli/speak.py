"""`sonovox speak`: text to speech."""

import sys
from pathlib import Path
from typing import Any

import typer

from sonovox._internal.errors import ArgumentError
from sonovox.cli.console import human_time, note
from sonovox.cli.output_folder import check_folder

__all__ = ["DEFAULT_MODEL", "DEFAULT_VOCODER", "speak"]

DEFAULT_MODEL = "speechbrain/tts-tacotron2-ljspeech"
DEFAULT_VOCODER = "speechbrain/tts-hifigan-ljspeech"


def speak(
    words: list[str] = typer.Argument(None, help="What to say; - reads it from the standard input."),
    file: Path = typer.Option(None, "--file", "-f", readable=False, help="A text file to read out instead."),
    output: Path = typer.Option(Path("speech.wav"), "--output", "-o", readable=False, help="The audio file to write."),
    model: str = typer.Option(
        "", "--model", "-m", help=f"A reader: folder or repository of a Tacotron 2. Default: {DEFAULT_MODEL} (English)."
    ),
    vocoder: str = typer.Option("", help=f"Folder or repository of a HiFi-GAN. Default: {DEFAULT_VOCODER}."),
    pause: float = typer.Option(0.2, min=0, help="Seconds of silence between sentences."),
    seed: int = typer.Option(0, help="Another number reads the text a little differently."),
    dropout: bool = typer.Option(True, help="Read as the model has learnt, with some of its units out."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress, only the result and errors."),
) -> None:
    """Say a text, and write it as an audio file, whose name goes to stdout.

    A text of any length is said sentence by sentence. Numbers and abbreviations are
    read well only where the model knows them: write them as words.
    """
    text = _text(words or [], file)

    from sonovox.inference.spoken_text import sentences_of, speak_text

    count = len(sentences_of(text))
    if not count:
        raise ArgumentError(f"the text has no words: {text[:40]!r}", hint="give some")
    check_folder(output.parent)

    from sonovox.inference.device import choose_device
    from sonovox.inference.tts import HIFIGAN, Tacotron2
    from sonovox.io.block_writer import block_writer

    options: dict[str, Any] = {
        "offline": True if offline else None,
        "progress": False if quiet else None,
        "run_opts": {"device": choose_device(device or None)},
    }
    reader = Tacotron2.from_hparams(model or DEFAULT_MODEL, **options)
    speaker = HIFIGAN.from_hparams(vocoder or DEFAULT_VOCODER, **options)
    samples = 0
    with block_writer(output, speaker.sample_rate, bits_per_sample=16) as writer:
        spoken = speak_text(reader, speaker, text, pause_seconds=pause, dropout=dropout, seed=seed)
        for number, sentence in enumerate(spoken, start=1):
            writer.write(sentence.samples)
            samples += len(sentence.samples)
            if not quiet:
                done = f"{number} of {count} sentences, " if count > 1 else ""
                note(f"{done}{human_time(samples / speaker.sample_rate)}: {sentence.text[:60]}")
            if not sentence.is_whole:
                note(f"the model did not come to an end of {sentence.text[:60]!r}, which was cut; try another --seed")
    typer.echo(str(output))


def _text(words: list[str], file: Path | None) -> str:
    if bool(words) == (file is not None):
        raise ArgumentError("give a text, or a text file with --file", hint='sonovox speak "Good morning." -o a.wav')
    if file is None:
        return sys.stdin.read() if words == ["-"] else " ".join(words)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"cannot read {file}: {error}", hint="give a text file in UTF-8") from error
