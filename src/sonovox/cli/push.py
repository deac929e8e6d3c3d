"""`sonovox push`: a trained model onto the hub."""

from pathlib import Path

import typer

__all__ = ["push"]


def push(
    folder: Path = typer.Argument(help="A model folder, or that of a training run with the model in model/."),
    repository: str = typer.Argument(help="Where to on the hub: owner/name."),
    private: bool = typer.Option(False, "--private", help="Make a new repository that only its owner sees."),
    message: str = typer.Option("Model of sonovox", "--message", help="Of the commit."),
) -> None:
    """Put a model onto the Hugging Face hub, with its card.

    The repository is made if there is none. The token of `hf auth login` or HF_TOKEN
    must have the right to write. All files come up in one commit; its address goes to stdout.
    """
    from sonovox.inference.hub_upload import push_to_hub

    typer.echo(push_to_hub(folder, repository, private=private, message=message))
