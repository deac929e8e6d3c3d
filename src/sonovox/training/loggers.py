"""Loggers of statistics: a text file with its table and curves, and TensorBoard."""

import csv
import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from sonovox._internal.files import append_line, write_text
from sonovox._internal.optional import require
from sonovox.training.curves import draw_curves
from sonovox.training.distributed import is_main_process
from sonovox.training.run_log import RunLog

__all__ = ["FileTrainLogger", "TensorboardLogger", "TrainLogger"]

logger = logging.getLogger(__name__)
Stats = Mapping[str, Any]


class TrainLogger:
    """What a logger of statistics offers."""

    def log_stats(
        self,
        stats_meta: Stats,
        train_stats: Stats | None = None,
        valid_stats: Stats | None = None,
        test_stats: Stats | None = None,
        verbose: bool = False,
    ) -> None:
        """Log statistics of an epoch or a test.

        Args:
            stats_meta: what they belong to, such as `{"epoch": 3, "lr": 1e-3}`.
            train_stats: numbers by name, such as `{"loss": 1.2}`.
            valid_stats: likewise.
            test_stats: likewise.
            verbose: also through `logging`.
        """
        raise NotImplementedError


class FileTrainLogger(TrainLogger):
    """One line of text for each call, and beside the file the same as data.

    `log.txt` brings `log.stats.jsonl` (one object a call), `log.csv` (one row an
    epoch; an epoch that is run again after a crash replaces its row) and, where
    matplotlib is installed, `log.png` (one curve a number, over the epochs).

    Args:
        save_file: the text file.
        precision: digits after the point; numbers below 0.01 are written as 1.23e-04.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "log.txt")
    ...     FileTrainLogger(file).log_stats({"epoch": 1, "lr": 1e-4}, {"loss": 2.5}, {"loss": 2.25})
    ...     print(file.read_text(), end="")
    epoch: 1, lr: 1.00e-04 - train loss: 2.50 - valid loss: 2.25
    """

    def __init__(self, save_file: str | Path, precision: int = 2) -> None:
        self.save_file = Path(save_file)
        self.precision = precision

    def log_stats(
        self,
        stats_meta: Stats,
        train_stats: Stats | None = None,
        valid_stats: Stats | None = None,
        test_stats: Stats | None = None,
        verbose: bool = True,
    ) -> None:
        if not is_main_process():
            return
        stages = {"train": train_stats, "valid": valid_stats, "test": test_stats}
        parts = [self._text(stats_meta)]
        parts += [self._text(stats, f"{stage} ") for stage, stats in stages.items() if stats is not None]
        line = " - ".join(parts)
        append_line(self.save_file, line)
        if verbose:
            logger.info(line)
        given = {stage: dict(stats) for stage, stats in stages.items() if stats is not None}
        log = RunLog(self.save_file.with_suffix(".stats.jsonl"))
        log.write("stats", meta=dict(stats_meta), **given)
        rows = _rows(log.read())
        write_text(self.save_file.with_suffix(".csv"), _as_csv(rows))
        draw_curves(rows, self.save_file.with_suffix(".png"))

    def _text(self, stats: Stats, prefix: str = "") -> str:
        return ", ".join(f"{prefix}{name}: {self._number(value)}" for name, value in stats.items())

    def _number(self, value: Any) -> str:
        if isinstance(value, torch.Tensor):
            value = value.tolist()
        if not isinstance(value, float):
            return str(value)
        small = value != 0 and abs(value) < 0.01
        return f"{value:.{self.precision}{'e' if small else 'f'}}"


class TensorboardLogger(TrainLogger):
    """Statistics, sounds and figures for TensorBoard (extra `[tensorboard]`).

    Args:
        save_dir: folder of the event files.
    """

    def __init__(self, save_dir: str | Path) -> None:
        require("tensorboard", purpose="the log for TensorBoard")
        from torch.utils.tensorboard import SummaryWriter

        self.save_dir = Path(save_dir)
        self.writer = SummaryWriter(str(save_dir))
        self.steps: dict[str, int] = {}

    def log_stats(
        self,
        stats_meta: Stats,
        train_stats: Stats | None = None,
        valid_stats: Stats | None = None,
        test_stats: Stats | None = None,
        verbose: bool = False,
    ) -> None:
        step = stats_meta.get("epoch", stats_meta.get("step"))
        groups = {"meta": stats_meta, "train": train_stats, "valid": valid_stats, "test": test_stats}
        for stage, stats in groups.items():
            for name, value in (stats or {}).items():
                if name in ("epoch", "step") or isinstance(value, str):
                    continue
                tag = f"{name}/{stage}" if stage != "meta" else name
                self.steps[tag] = int(step) if step is not None else self.steps.get(tag, 0) + 1
                self.writer.add_scalar(tag, float(value), self.steps[tag])
        self.writer.flush()

    def log_audio(self, name: str, value: torch.Tensor, sample_rate: int) -> None:
        """A sound to listen to.

        Args:
            name: of the sound.
            value: `(time,)` or `(channels, time)`, in [-1, 1].
            sample_rate: in Hz.
        """
        self.steps[name] = self.steps.get(name, 0) + 1
        self.writer.add_audio(name, value, self.steps[name], sample_rate=sample_rate)

    def log_figure(self, name: str, value: torch.Tensor) -> None:
        """A picture of a matrix `(features, time)`, such as a spectrogram or an attention."""
        require("matplotlib", purpose="a picture of a matrix")
        from matplotlib.figure import Figure

        figure = Figure(layout="constrained")
        axes = figure.subplots()
        figure.colorbar(axes.imshow(value.detach().cpu().numpy(), origin="lower", aspect="auto"))
        self.steps[name] = self.steps.get(name, 0) + 1
        self.writer.add_figure(name, figure, self.steps[name])


def _rows(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One flat row an epoch (or a call without one); the last word on an epoch counts."""
    rows: dict[Any, dict[str, Any]] = {}
    for number, event in enumerate(events):
        meta = event.get("meta", {})
        row = {**meta}
        for stage in ("train", "valid", "test"):
            row |= {f"{stage} {name}": value for name, value in event.get(stage, {}).items()}
        key = ("epoch", meta["epoch"]) if "epoch" in meta else ("call", number)
        rows.pop(key, None)
        rows[key] = row
    return list(rows.values())


def _as_csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {name: json.dumps(value) if isinstance(value, (list, dict)) else value for name, value in row.items()}
        )
    return text.getvalue()
