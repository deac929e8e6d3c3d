import sys

import pytest

from sonovox.training import Stage
from sonovox.training import progress as module
from sonovox.training.progress import StageProgress


def test_plain_lines_come_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(module, "PLAIN_INTERVAL_S", 0.0)
    with StageProgress(Stage.TRAIN, 3, total=4) as progress:
        for _ in range(2):
            progress.advance(1.25, seconds=30.0, rates=lambda: [0.001, 0.001, 0.1])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("epoch 3 train 2/4  loss 1.25  lr 0.001/0.1  ")
    for word in ("s of audio a second", " GB", "0:00 left"):
        assert word in lines[1]


def test_batches_count_where_no_durations_are_known():
    with StageProgress(Stage.TEST, None, quiet=True) as progress:
        progress.advance(1.0)
    assert progress.title == "test"
    assert "batches a second" in progress.state(1.0, [])
    assert "left" not in progress.state(1.0, [])


def test_a_continued_stage_counts_from_where_it_was():
    with StageProgress(Stage.TRAIN, 1, total=10, done=8, quiet=True) as progress:
        progress.advance(1.0)
    assert progress.batches == 9
    assert progress.batches - progress.first == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_a_terminal_gets_a_bar_unless_it_shall_be_quiet(monkeypatch, quiet, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(module, "LIVE_INTERVAL_S", 0.0)
    with StageProgress(Stage.VALID, 1, total=2, quiet=quiet) as progress:
        progress.advance(0.5)
    shown = capsys.readouterr().err
    assert ("epoch 1 valid" in shown) == (not quiet)
