"""The folder that a command writes into."""

import os
from pathlib import Path

from sonovox._internal.errors import WriteError

__all__ = ["check_folder"]


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be one, before any work."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise WriteError(f"cannot write into {folder}: {existing} is a file", hint="choose another --output-dir")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise WriteError(f"cannot write into {folder}: {existing} is read-only", hint="choose another --output-dir")
