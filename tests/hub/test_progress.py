import io

import pytest
from rich.console import Console

from sonovox.hub import progress as module
from sonovox.hub.progress import LineProgress, RichProgress, SilentProgress, choose_progress, format_size


def run(progress):
    progress.start("model.pt")
    progress.update(500, 1000)
    progress.update(1000, 1000)
    progress.note("another process waits")
    progress.finish()


def test_plain_lines_come_at_most_every_few_seconds(monkeypatch, capsys):
    clock = iter([0.0, 1.0, 6.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    progress = LineProgress(every_s=5)
    progress.start("model.pt")
    progress.update(1_000_000, 13_000_000)
    progress.update(7_000_000, 13_000_000)
    progress.finish()
    assert capsys.readouterr().err == "model.pt: 7.0 MB of 13.0 MB (53 %), 1.0 MB/s\n"


def test_a_quick_file_prints_nothing_but_its_notes(capsys):
    run(LineProgress())
    assert capsys.readouterr() == ("", "another process waits\n")


def test_silence_is_silent(capsys):
    run(SilentProgress())
    assert capsys.readouterr() == ("", "")


def test_the_bar_shows_name_size_and_notes_on_stderr_and_goes_away(monkeypatch, capsys):
    screen = io.StringIO()
    monkeypatch.setattr("rich.console.Console", lambda **_: Console(file=screen, force_terminal=True, width=100))
    run(RichProgress())
    shown = screen.getvalue()
    assert "model.pt" in shown
    assert "1.0/1.0 kB" in shown
    assert "another process waits" in shown
    assert capsys.readouterr().out == ""


def test_notes_need_no_bar(capsys):
    RichProgress().note("waiting")
    assert capsys.readouterr().err == "waiting\n"


@pytest.mark.parametrize(("terminal", "kind"), [(True, RichProgress), (False, LineProgress)])
def test_the_default_depends_on_the_terminal(monkeypatch, terminal, kind):
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: terminal, raising=False)
    assert type(choose_progress(None)) is type(choose_progress(True)) is kind


def test_false_is_silent_and_an_object_is_itself(recorder):
    assert type(choose_progress(False)) is SilentProgress
    assert choose_progress(recorder) is recorder


def test_sizes_change_unit_where_they_would_show_1000():
    assert [format_size(n) for n in (1000, 999_949, 999_951, 10**12)] == ["1.0 kB", "999.9 kB", "1.0 MB", "1.0 TB"]
