"""`sonovox info`: what is in an audio file."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sonovox._internal.errors import SonovoxError
from sonovox.cli.console import human_time, print_error, table

if TYPE_CHECKING:
    from sonovox.io import AudioMetaData

__all__ = ["info"]

# What people call the encodings that have a name of their own here.
_ENCODINGS = {
    "PCM_S": "{bits} bit PCM",
    "PCM_U": "{bits} bit unsigned PCM",
    "PCM_F": "{bits} bit float",
    "ULAW": "mu-law",
    "ALAW": "A-law",
}


def info(context: typer.Context, files: list[Path] = typer.Argument(readable=False, help="Audio files.")) -> None:
    """Show format, length, rate and channels of audio files."""
    from sonovox.hub import format_size
    from sonovox.io import info as read_info

    failures = []
    for i, file in enumerate(files):
        try:
            found = read_info(file)
        except SonovoxError as error:
            failures.append(error)
            continue
        rows = [
            ["file", str(file)],
            ["size", format_size(file.stat().st_size)],
            ["format", _format(found)],
            ["duration", f"{human_time(found.duration)} ({found.num_frames} samples)"],
            ["sample rate", f"{found.sample_rate} Hz"],
            ["channels", str(found.num_channels)],
        ]
        typer.echo(("\n" if i > len(failures) else "") + table(rows))
    for failure in failures:
        print_error(failure, debug=bool(context.obj))
    if failures:
        raise typer.Exit(2 if len(failures) == len(files) else 1)


def _format(found: "AudioMetaData") -> str:
    encoding = _ENCODINGS.get(found.encoding, found.encoding.lower()).format(bits=found.bits_per_sample)
    if encoding == found.format:
        return f"{found.format}, {found.bits_per_sample} bit" if found.bits_per_sample else found.format
    return f"{found.format}, {encoding}"
