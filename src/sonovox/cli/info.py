"""`sonovox info`: what is in an audio file."""

from pathlib import Path

import typer

from sonovox._internal.errors import AudioError
from sonovox.cli.console import human_time, print_error, table

__all__ = ["info"]


def info(files: list[Path] = typer.Argument(help="Audio files.")) -> None:
    """Show format, length, rate and channels of audio files."""
    from sonovox.hub import format_size
    from sonovox.io import info as read_info

    failed = 0
    for i, file in enumerate(files):
        try:
            found = read_info(file)
        except AudioError as error:
            print_error(error)
            failed += 1
            continue
        bits = f", {found.bits_per_sample} bit" if found.bits_per_sample else ""
        rows = [
            ["file", str(file)],
            ["size", format_size(file.stat().st_size)],
            ["format", f"{found.format}, {found.encoding}{bits}"],
            ["duration", f"{human_time(found.duration)} ({found.num_frames} frames)"],
            ["sample rate", f"{found.sample_rate} Hz"],
            ["channels", str(found.num_channels)],
        ]
        typer.echo(("\n" if i else "") + table(rows))
    if failed:
        raise typer.Exit(2 if failed == len(files) else 1)
