"""`sonovox embed`: voices as vectors, kept in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sonovox.cli.console import note
from sonovox.cli.inputs import find_inputs
from sonovox.cli.listening import Listening

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["embed"]

EXIT_SOME_FAILED, EXIT_ALL_FAILED = 1, 2


def embed(
    context: typer.Context,
    files: list[str] = typer.Argument(help="Audio files, folders of them, or patterns such as 'voices/*.wav'."),
    output: Path = typer.Option(
        ..., "--output", "-o", help="voices.npz, voices.safetensors, or voices.ark (Kaldi, with voices.scp beside it)."
    ),
    model: str = typer.Option(
        "", "--model", "-m", help="A model folder or repository. Default: ECAPA-TDNN of VoxCeleb (89 MB)."
    ),
    normalize: bool = typer.Option(False, "--normalize", help="Subtract the mean voice of the model's training."),
    add: bool = typer.Option(False, "--add", help="Keep what the file has; only new recordings are heard."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress and no doubts, only errors."),
) -> None:
    """Write the embeddings of recordings, one vector for each.

    Its name in the file is that of the recording without its suffix; of those in a
    folder, the path from there. `sonovox verify` takes the file as --embeddings. What
    was heard before an interruption is written; a recording that cannot be read does
    not stop the others, and the exit code is 1 then (2 where all failed).
    """
    from sonovox.inference.embedding_files import check_embedding_name, load_embeddings, save_embeddings

    check_embedding_name(output)
    recordings = {item.stem.as_posix(): item.path for item in find_inputs(files)}
    known: dict[str, Tensor] = load_embeddings(output) if add and output.exists() else {}
    heard: dict[str, Tensor] = {}
    listening = Listening(
        {name: path for name, path in recordings.items() if name not in known},
        model=model, device=device, offline=offline, quiet=quiet,
    )  # fmt: skip
    try:
        heard.update(listening.voices(normalize=normalize))
    finally:
        if heard:
            save_embeddings(output, known | heard)
            before = f" besides {len(known)} before" if known else ""
            if not quiet:
                note(f"wrote {len(heard)} embeddings{before} to {output}")
    listening.report(debug=bool(context.obj))
    if listening.failures:
        raise typer.Exit(EXIT_SOME_FAILED if heard else EXIT_ALL_FAILED)
    if not heard and not quiet:
        note(f"{output} has all {len(recordings)} recordings already")
