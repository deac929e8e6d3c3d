import subprocess
import sys
import threading

import pytest

from sonovox._internal.errors import CheckpointWarning
from sonovox.training.checkpoints.writer import BackgroundWriter


def fail():
    raise OSError("full")


def test_work_is_done_in_another_thread_one_at_a_time():
    writer, log = BackgroundWriter(), []
    for n in range(5):
        writer.run(lambda n=n: log.append((n, threading.current_thread() is threading.main_thread())))
    writer.wait()
    assert log == [(n, False) for n in range(5)]


def test_an_error_is_raised_once_by_wait():
    writer = BackgroundWriter()
    writer.run(fail)
    with pytest.raises(OSError, match="full"):
        writer.wait()
    writer.wait()


def test_after_an_error_the_next_work_is_done_at_once_and_tells_of_it():
    writer, log = BackgroundWriter(), []
    writer.run(fail)
    with pytest.warns(CheckpointWarning, match="an earlier checkpoint was not written: full"):
        writer.run(lambda: log.append(threading.current_thread() is threading.main_thread()))
    assert log == [True]
    writer.wait()


def test_as_long_as_it_fails_each_call_raises():
    writer = BackgroundWriter()
    writer.run(fail)
    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            writer.run(fail)


def test_the_work_itself_may_wait():
    writer = BackgroundWriter()
    writer.run(writer.join)
    writer.wait()


def test_python_waits_for_it_before_it_exits_with_an_error():
    code = (
        "import time\n"
        "from sonovox.training.checkpoints.writer import BackgroundWriter\n"
        "BackgroundWriter().run(lambda: (time.sleep(0.3), print('written')))\n"
        "1 / 0"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout == "written\n"
    assert "ZeroDivisionError" in run.stderr
