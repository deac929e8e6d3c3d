"""`sonovox models`: which models there are, and which of them are on this machine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from sonovox._internal.errors import NotInSourceError
from sonovox.cli.console import note, table

if TYPE_CHECKING:
    from sonovox.hub import Entry

__all__ = ["app", "list_models", "pull", "remove", "where"]

app = typer.Typer(help="List, fetch and remove models.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@app.command("list")
def list_models() -> None:
    """List the published models and what is in the cache; the same as `sonovox models`."""
    from sonovox.hub import Cache, format_size
    from sonovox.models.whisper import PRETRAINED

    entries = Cache().entries()
    rows = [["NAME", "SIZE", "LANGUAGES", "HERE"]]
    for name, model in PRETRAINED.items():
        languages = "many" if model.multilingual else "English"
        here = any(_holds(entry, model.places) for entry in entries)
        rows.append([name, format_size(model.megabytes * 10**6), languages, "yes" if here else ""])
    typer.echo(table(rows))
    if entries:
        typer.echo("")
        typer.echo(table([["IN THE CACHE", "SIZE"], *([entry.source, format_size(entry.size)] for entry in entries)]))


@app.command()
def pull(names: list[str] = typer.Argument(help="Names as in `sonovox models list`, or any source.")) -> None:
    """Fetch models into the cache, so that they work without network."""
    from sonovox.models.whisper.pretrained import fetch_whisper

    for name in names:
        files = fetch_whisper(name, offline=False)
        typer.echo(f"{name}: {files.weights}")


@app.command()
def where(name: str = typer.Argument("", help="A model; nothing for the cache itself.")) -> None:
    """Print the folder of the cache, or the files of one model in it."""
    from sonovox.hub import Cache
    from sonovox.models.whisper.pretrained import fetch_whisper

    typer.echo(str(fetch_whisper(name, offline=True, progress=False).weights) if name else str(Cache().folder))


@app.command()
def remove(names: list[str] = typer.Argument(help="Names or sources as in `sonovox models list`.")) -> None:
    """Remove models from the cache."""
    from sonovox.hub import Cache, format_size
    from sonovox.models.whisper import PRETRAINED

    cache = Cache()
    for name in names:
        places = PRETRAINED[name].places if name in PRETRAINED else [name]
        found = [entry for entry in cache.entries() if _holds(entry, places)]
        if not found:
            raise NotInSourceError(f"{name} is not in the cache {cache.folder}", hint="`sonovox models list` shows it")
        for entry in found:
            cache.remove(entry)
            note(f"removed {entry.source}, {format_size(entry.size)}")


def _holds(entry: "Entry", places: Sequence[str]) -> bool:
    # An entry of the package index is a whole package; a place names a file in it.
    return any(place == entry.source or place.startswith(f"{entry.source}/") for place in places)
