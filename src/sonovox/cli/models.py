"""`sonovox models`: which models there are, and which of them are on this machine."""

from typing import TYPE_CHECKING

import typer

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import NotInSourceError
from sonovox.cli.console import note, table

if TYPE_CHECKING:
    from sonovox.hub import Cache, Entry

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
    from sonovox.inference.published_folders import PUBLISHED_FOLDERS
    from sonovox.models.whisper.pretrained import PRETRAINED

    cache = Cache()
    entries = cache.entries()
    rows = [["NAME", "SIZE", "LANGUAGES", "HERE"]]
    for name, model in PRETRAINED.items():
        languages = "many" if model.multilingual else "English"
        here = any(entry.files for entry in _entries(cache, name))
        rows.append([name, format_size(model.megabytes * 10**6), languages, "yes" if here else ""])
    typer.echo(table(rows))
    others = [["FOR OTHER TASKS", "SIZE", "TASK", "HERE"]]
    for name, folder in PUBLISHED_FOLDERS.items():
        here = any(entry.files for entry in _entries(cache, name))
        others.append([name, format_size(folder.megabytes * 10**6), folder.task, "yes" if here else ""])
    typer.echo("")
    typer.echo(table(others))
    if entries:
        typer.echo("")
        typer.echo(table([["IN THE CACHE", "SIZE"], *([entry.source, format_size(entry.size)] for entry in entries)]))


@app.command()
def pull(names: list[str] = typer.Argument(help="Names as in `sonovox models list`, or any source.")) -> None:
    """Fetch models into the cache, so that they work without network."""
    for name in names:
        typer.echo(f"{name}: {_files_of(name, offline=False)}")


@app.command()
def where(name: str = typer.Argument("", help="A model; nothing for the cache itself.")) -> None:
    """Print the folder of the cache, or the files of one model in it."""
    from sonovox.hub import Cache

    typer.echo(_files_of(name, offline=True, progress=False) if name else str(Cache().folder))


@app.command()
def remove(names: list[str] = typer.Argument(help="Names or sources as in `sonovox models list`.")) -> None:
    """Remove models from the cache."""
    from sonovox.hub import Cache, format_size
    from sonovox.inference.published_folders import PUBLISHED_FOLDERS
    from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED

    cache = Cache()
    for name in names:
        found = _entries(cache, name)
        if not found:
            known = [*PRETRAINED, *ALIASES, *PUBLISHED_FOLDERS, *(entry.source for entry in cache.entries())]
            near = "" if name in known else did_you_mean(name, known)
            hint = "; ".join(filter(None, (near, "`sonovox models list` shows what is there")))
            raise NotInSourceError(f"{name} is not in the cache {cache.folder}", hint=hint)
        for entry in found:
            freed = cache.remove(entry)
            note(f"removed {entry.source}, {format_size(freed)}")


def _files_of(name: str, *, offline: bool, progress: bool | None = None) -> str:
    """Where the files of a model are, once they have come."""
    from sonovox.hub import fetch
    from sonovox.inference.published_folders import PUBLISHED_FOLDERS, published_origin
    from sonovox.models.whisper.pretrained import fetch_whisper

    if name not in PUBLISHED_FOLDERS:
        return str(fetch_whisper(name, offline=offline, progress=progress).weights)
    origin = published_origin(name, offline=offline, progress=progress)
    return str(fetch(f"{origin}/{next(iter(PUBLISHED_FOLDERS[name].sha256))}", offline=True).parent)


def _entries(cache: "Cache", name: str) -> "list[Entry]":
    """What the cache holds of a model or a source."""
    from sonovox.inference.published_folders import PUBLISHED_FOLDERS
    from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED

    name = ALIASES.get(name, name)
    published = PRETRAINED.get(name) or PUBLISHED_FOLDERS.get(name)
    found = {
        entry.folder: entry for place in (published.places if published else [name]) for entry in cache.find(place)
    }
    return list(found.values())
