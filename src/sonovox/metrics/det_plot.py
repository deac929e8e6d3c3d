"""A picture of the DET curve: misses over false alarms, on axes on which normal scores give a straight line.

Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997.
"""

import os
from pathlib import Path

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import atomic_path
from sonovox._internal.optional import require
from sonovox.metrics.detection import EER, det_curve

__all__ = ["check_picture", "plot_det"]

# What the axes are labelled with, in per cent.
TICKS = (0.01, 0.1, 1, 2, 5, 10, 20, 40, 60, 80, 90)
PICTURES = (".pdf", ".png", ".svg")


def plot_det(
    positive_scores: Tensor,
    negative_scores: Tensor,
    target: str | os.PathLike[str],
    *,
    threshold: float | None = None,
    title: str = "",
) -> Path:
    """Draw the curve into a file, with the equal error rate on it.

    Rates below half an error are drawn at half an error, since a normal scale has no place for none.

    Args:
        positive_scores: of target trials, any shape.
        negative_scores: of non-target trials, any shape.
        target: the picture, `.png`, `.pdf` or `.svg`.
        threshold: one to be marked on the curve.
        title: above it.

    Raises:
        ArgumentError: another kind of picture, or scores as `EER` refuses them.
        MissingDependencyError: matplotlib is not installed.
        WriteError: the disk is full, and the like.
    """
    target = check_picture(target)
    figures = require("matplotlib.figure", purpose="drawing a DET curve")
    false_alarms, misses, thresholds = det_curve(positive_scores, negative_scores)
    rate, _ = EER(positive_scores, negative_scores)
    smallest_alarm, smallest_miss = 0.5 / negative_scores.numel(), 0.5 / positive_scores.numel()
    figure = figures.Figure(figsize=(5.2, 5), layout="constrained")
    axes = figure.subplots()
    alarms, missed = _normal(false_alarms, smallest_alarm), _normal(misses, smallest_miss)
    axes.step(alarms, missed, where="pre", linewidth=1.6)
    middle = [_normal(torch.tensor([rate]), smallest).item() for smallest in (smallest_alarm, smallest_miss)]
    axes.plot(*middle, "o", color="tab:orange", label=f"equal error rate {100 * rate:.2f} %")
    if threshold is not None:
        place = int((thresholds <= threshold).sum()) - 1
        rates = f"{100 * false_alarms[place]:.2f} % false alarms, {100 * misses[place]:.2f} % misses"
        axes.plot(alarms[place], missed[place], "s", color="tab:green", label=f"threshold {threshold:g}: {rates}")
    for axis, smallest in ((axes.xaxis, smallest_alarm), (axes.yaxis, smallest_miss)):
        shown = [tick for tick in TICKS if tick / 100 >= smallest]
        axis.set_ticks(_normal(torch.tensor(shown) / 100, 0.0).tolist(), [f"{tick:g}" for tick in shown])
    axes.set(xlabel="false alarms in %", ylabel="misses in %", title=title)
    axes.axline((0, 0), slope=1, color="gray", linestyle=":", linewidth=0.8)
    axes.set_xlim(_normal(torch.tensor([smallest_alarm]), 0.0).item() - 0.1, 1.3)
    axes.set_ylim(_normal(torch.tensor([smallest_miss]), 0.0).item() - 0.1, 1.3)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="upper right")
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=130, format=target.suffix[1:].lower())
    return target


def check_picture(target: str | os.PathLike[str]) -> Path:
    """The path, if it can be drawn on this machine.

    Raises:
        ArgumentError: another kind of picture.
        MissingDependencyError: matplotlib is not installed.

    >>> check_picture("det.jpeg")
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: a picture must be .pdf, .png, .svg, got det.jpeg; name it det.png
    """
    target = Path(target)
    if target.suffix.lower() not in PICTURES:
        raise ArgumentError(f"a picture must be {', '.join(PICTURES)}, got {target}", hint="name it det.png")
    require("matplotlib.figure", purpose="drawing a DET curve")
    return target


def _normal(rates: Tensor, smallest: float) -> Tensor:
    """Quantiles of the normal distribution."""
    return torch.special.ndtri(rates.double().clamp(smallest, 1 - smallest))
