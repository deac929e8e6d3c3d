"""`sonovox verify`: whether the same person speaks in two recordings, or in each of many pairs."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sonovox._internal.errors import ArgumentError
from sonovox.cli.console import note
from sonovox.cli.listening import Listening

if TYPE_CHECKING:
    from torch import Tensor

    from sonovox.inference.trials import Trial

__all__ = ["verify"]

EXIT_DIFFERENT = EXIT_SOME_FAILED = 1
EXIT_ALL_FAILED = 2


def verify(
    context: typer.Context,
    first: str = typer.Argument("", help="A recording of one voice, or its name in --embeddings."),
    second: str = typer.Argument("", help="Another one."),
    trials: Path | None = typer.Option(
        None, "--trials", help="A list of pairs instead: `1 a.wav b.wav` or `a.wav b.wav target` on each line."
    ),
    folder: Path | None = typer.Option(
        None, "--folder", help="Where the recordings of --trials are. Default: the folder of the list."
    ),
    embeddings: Path | None = typer.Option(None, "--embeddings", help="Voices that `sonovox embed` wrote."),
    scores: Path | None = typer.Option(None, "--scores", help="Write the score of each trial here."),
    det: Path | None = typer.Option(None, "--det", help="Draw the DET curve of --trials here, det.png."),
    p_target: float = typer.Option(0.01, min=0, max=1, help="For minDCF: how likely it is the same person."),
    model: str = typer.Option(
        "", "--model", "-m", help="A model folder or repository. Default: ECAPA-TDNN of VoxCeleb (89 MB)."
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

    With --trials, each recording of a list of pairs is heard once, and the equal error
    rate and the least detection cost of all pairs are told; of a list without answers
    the scores.
    """
    from sonovox.inference.embedding_files import load_embeddings

    _check_words(first, second, trials, folder=folder, scores=scores, det=det)
    stored = load_embeddings(embeddings) if embeddings else {}
    pairs = _read(trials, det) if trials else _one_pair(first, second)
    names = dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second))
    voices = {name: stored[found] for name in names if (found := _name_in(stored, name)) is not None}
    place = folder if folder or not trials else trials.parent
    recordings = {name: (place or Path()) / Path(name).expanduser() for name in names if name not in voices}
    listening = Listening(recordings, model=model, device=device, offline=offline, quiet=quiet)
    if trials or not listening.failures:  # of a list the rest is of use, of a pair it is not
        voices.update(listening.voices())
    listening.report(debug=bool(context.obj))
    scored = _scored(pairs, voices)
    if trials:
        _report_trials(scored, len(pairs), len(names), threshold, p_target, scores, det, quiet=quiet)
        if listening.failures:
            raise typer.Exit(EXIT_SOME_FAILED if scored else EXIT_ALL_FAILED)
        return
    if not scored:
        raise typer.Exit(EXIT_ALL_FAILED)
    score = scored[0][1]
    same = score > threshold
    typer.echo(f"score {score:.3f}  threshold {threshold:.3f}  {'SAME' if same else 'DIFFERENT'}")
    if not same:
        raise typer.Exit(EXIT_DIFFERENT)


def _check_words(first: str, second: str, trials: Path | None, **of_trials: Path | None) -> None:
    if trials and first:
        raise ArgumentError(f"--trials has the recordings, and {first} was given too", hint="leave one of them out")
    if not trials and not second:
        what = "one recording" if first else "no recording"
        raise ArgumentError(f"two recordings are compared, got {what}", hint="sonovox verify one.wav two.wav")
    others = [f"--{name}" for name, value in of_trials.items() if value is not None and not trials]
    if others:
        raise ArgumentError(f"{', '.join(others)} go with --trials", hint="give a list of pairs")


def _one_pair(first: str, second: str) -> "list[Trial]":
    from sonovox.inference.trials import Trial

    return [Trial(first, second)]


def _read(trials: Path, det: Path | None) -> "list[Trial]":
    from sonovox.inference.trials import read_trials

    pairs = read_trials(trials)
    if det:
        from sonovox.metrics.det_plot import check_picture

        check_picture(det)
        answers = {pair.same for pair in pairs}
        if answers != {True, False}:
            raise ArgumentError("a DET curve needs pairs of both kinds with their answers", hint="leave out --det")
    return pairs


def _name_in(stored: "Mapping[str, Tensor]", name: str) -> str | None:
    """The name under which `embed` has kept a recording: without its suffix, unless it was another program."""
    return next((key for key in (name, Path(name).with_suffix("").as_posix()) if key in stored), None)


def _scored(pairs: "Iterable[Trial]", voices: "Mapping[str, Tensor]") -> "list[tuple[Trial, float]]":
    from sonovox.inference.trials import score_trials

    return score_trials((pair for pair in pairs if pair.first in voices and pair.second in voices), voices)


def _report_trials(
    scored: "list[tuple[Trial, float]]", n_trials: int, n_recordings: int, threshold: float, p_target: float,
    scores: Path | None, det: Path | None, *, quiet: bool,
) -> None:  # fmt: skip
    import torch

    from sonovox._internal.files import write_text
    from sonovox.inference.trials import write_scores
    from sonovox.metrics.detection import EER, minDCF

    if scores:
        write_text(scores, write_scores(scored))
    if not scored:
        return
    if len(scored) < n_trials:
        note(f"{n_trials - len(scored)} of {n_trials} trials are left out")
    if scored[0][0].same is None:
        if not scores:
            typer.echo(write_scores(scored), nl=False)
        return
    same = torch.tensor([score for trial, score in scored if trial.same], dtype=torch.float64)
    other = torch.tensor([score for trial, score in scored if not trial.same], dtype=torch.float64)
    typer.echo(f"trials    {len(scored)}: {len(same)} same, {len(other)} different, {n_recordings} recordings")
    if len(same) and len(other):
        rate, at = EER(same, other)
        # The cost of accepting all or none, by which it is divided, as the field tells it.
        cost, cheapest = minDCF(same, other, p_target=p_target)
        cost /= min(p_target, 1 - p_target) or 1
        typer.echo(f"EER       {100 * rate:.2f} %, threshold {at:.3f}")
        typer.echo(f"minDCF    {cost:.4f}, threshold {cheapest:.3f} (p_target {p_target:g}, normalised)")
    right = int((same > threshold).sum() + (other <= threshold).sum())
    typer.echo(f"right     {100 * right / len(scored):.2f} % at the threshold {threshold:g}")
    if det:
        from sonovox.metrics.det_plot import plot_det

        plot_det(same, other, det, threshold=threshold)
        if not quiet:
            note(f"wrote {det}")
