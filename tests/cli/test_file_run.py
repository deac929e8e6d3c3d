"""Many files: what the headers say, who is called, what is reported."""

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.cli.file_run import FileRun
from sonovox.cli.inputs import find_inputs


@pytest.fixture
def run(recording, tmp_path):
    recording("a.wav", seconds=1)
    recording("b.wav", seconds=2)
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    return FileRun(
        find_inputs([str(tmp_path / f"{name}.wav") for name in ("a", "broken", "b")]), quiet=True, debug=False
    )


def test_headers_tell_lengths_and_what_cannot_be_read(run):
    assert list(run.durations.values()) == [1.0, 2.0]
    assert [item.path.name for item in run.failures] == ["broken.wav"]
    assert not run.is_hopeless


def test_a_failure_does_not_stop_the_others(run, capsys):
    called = []

    def work(item, progress):
        progress.begin(item, run.durations[item])
        called.append(item.path.name)
        if item.path.name == "a.wav":
            raise ValueError("no luck")
        progress.reached(2.0)

    run.each(work)
    assert called == ["a.wav", "b.wav"]
    assert run.report() == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "2 of 3 files failed:"
    assert lines[1].startswith("error: ")
    assert lines[1].endswith("a.wav: unexpected ValueError: no luck")


def test_exit_codes(run, recording, capsys):
    def fails(item, progress):
        raise ArgumentError("no")

    run.each(fails)
    assert (run.is_hopeless, run.report()) == (True, 2)
    good = FileRun(find_inputs([str(recording("c.wav"))]), quiet=False, debug=False)
    good.each(lambda item, progress: progress.begin(item, 3.0))
    good.seconds = 3.0
    capsys.readouterr()
    assert good.report() == 0
    assert capsys.readouterr().err.startswith("1 file, 0:03.0 of audio in 0:00.")


def test_a_reader_that_leaves_ends_the_run(run):
    def leaves(item, progress):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run.each(leaves)
