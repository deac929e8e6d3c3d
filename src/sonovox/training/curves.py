"""Curves of a training run as a picture."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sonovox._internal.files import atomic_path

__all__ = ["draw_curves"]

STAGES = ("train", "valid")


def draw_curves(rows: Sequence[Mapping[str, Any]], path: str | Path) -> bool:
    """Draw each number over the epochs, training and validation in one plot; say whether there is a picture.

    Without matplotlib (extra `[plot]`), or without two epochs, nothing is drawn.

    Args:
        rows: one an epoch, with `"epoch"` and numbers named as `"train loss"`, `"valid WER"`, `"lr"`.
        path: of the PNG.
    """
    rows = [row for row in rows if isinstance(row.get("epoch"), (int, float))]
    if len(rows) < 2 or find_spec("matplotlib") is None:
        return False
    curves = _curves(rows)
    if not curves:
        return False
    # Figures without pyplot touch no display and no global state.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(3, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.0 * lines), layout="constrained")
    plots = figure.subplots(lines, columns, squeeze=False)
    for axes, (name, by_stage) in zip(plots.flat, curves.items(), strict=False):
        for stage, points in by_stage.items():
            colour = {"train": "tab:blue", "valid": "tab:orange"}.get(stage, "tab:gray")
            marker = "." if len(points) < 30 else ""
            axes.plot(*zip(*points, strict=True), label=stage, color=colour, marker=marker)
        values = [value for points in by_stage.values() for _, value in points]
        if min(values) > 0 and max(values) > 30 * min(values):
            axes.set_yscale("log")
        axes.set_title(name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if list(by_stage) != [""]:
            axes.legend()
    for axes in list(plots.flat)[len(curves) :]:
        axes.set_visible(False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return True


def _curves(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """name -> stage -> points (epoch, value); the stage is empty for learning rates and the like."""
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        for column, value in row.items():
            if column == "epoch" or isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            stage, _, name = column.partition(" ")
            if stage not in STAGES or not name:
                stage, name = "", column
            curves.setdefault(name, {}).setdefault(stage, []).append((row["epoch"], value))
    # What is watched comes before learning rates.
    return dict(sorted(curves.items(), key=lambda curve: "" in curve[1]))
