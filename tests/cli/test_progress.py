import io
from pathlib import Path

import pytest

from sonovox.cli import progress as module
from sonovox.cli.inputs import Input
from sonovox.cli.progress import AudioProgress, BarProgress, PlainProgress, progress_of

A, B = (Input(Path(name), Path(name).with_suffix("")) for name in ("a.wav", "b.wav"))


@pytest.fixture
def clock(monkeypatch):
    """`clock(30.0)` lets so many seconds pass."""
    now = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])

    def advance(seconds):
        now[0] += seconds

    return advance


def test_counts_what_is_done_of_all_inputs(clock):
    progress = AudioProgress({A: 60.0, B: 120.0})
    progress.begin(A, 60.0)
    progress.reached(30.0)
    clock(15.0)
    assert (progress.done, progress.total, progress.speed, progress.left) == (30.0, 180.0, 2.0, "about 1:15 left")
    progress.reached(60.0)
    progress.begin(B, 120.0)
    assert progress.done == 60.0


def test_a_length_that_the_header_told_wrong_is_set_right(clock):
    progress = AudioProgress({A: 1e9, B: 60.0})
    progress.begin(A, 30.0)
    assert progress.total == 90.0


def test_an_input_that_fails_counts_as_far_as_it_came(clock):
    progress = AudioProgress({A: 60.0, B: 60.0})
    progress.begin(A, 60.0)
    progress.reached(20.0)
    progress.skip(A)
    progress.begin(B, 60.0)
    progress.reached(60.0)
    assert progress.done == progress.total == 80.0


def test_nothing_is_promised_before_something_is_done(clock):
    assert AudioProgress({A: 60.0}).left == ""


def test_plain_lines_come_now_and_then(clock, capsys):
    progress = PlainProgress({A: 300.0})
    progress.begin(A, 300.0)
    for second in range(1, 41):
        clock(1.0)
        progress.reached(3.0 * second)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "0:45.0 of 5:00.0 done, 3.0x real time, about 1:25 left",
        "1:30.0 of 5:00.0 done, 3.0x real time, about 1:10 left",
    ]


def test_without_a_terminal_it_is_plain_and_quiet_is_silent(capsys):
    with progress_of({A: 60.0}, quiet=False) as progress:
        assert type(progress) is PlainProgress
        progress.note("a remark")
    with progress_of({A: 60.0}, quiet=True) as progress:
        assert type(progress) is AudioProgress
        progress.note("another")
        progress.line("a result")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("a result\n", "a remark\n")


@pytest.fixture
def bar(clock):
    """A bar over two minutes on a terminal of 100 columns, and what it has drawn."""
    from rich.console import Console
    from rich.progress import Progress

    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Progress(*module.bar_columns(), console=console, auto_refresh=False, redirect_stdout=False) as rich_bar:
        yield BarProgress({A: 120.0}, rich_bar), lambda: (rich_bar.refresh(), screen.getvalue())[1]


def test_the_bar_shows_minutes_real_time_factor_and_time_left(bar, clock):
    progress, drawn = bar
    progress.begin(A, 120.0)
    assert "0.0/2.0 min" in drawn()
    clock(10.0)
    progress.reached(30.0)
    assert "0.5/2.0 min  3.0x real time  about 0:30 left" in drawn()


def test_names_are_no_markup_and_long_ones_are_cut(bar):
    progress, drawn = bar
    progress.begin(Input(Path("[bold]" + 60 * "x" + ".wav"), Path("x")), 120.0)
    assert "[bold]xxxxxxxxxxxxxxxxxxxxxxx…" in drawn()
