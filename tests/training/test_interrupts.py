import signal
import subprocess
import sys
import threading

import pytest

from sonovox.training.interrupts import Interrupts

SECOND = """
import signal, time
from sonovox.training.interrupts import Interrupts
with Interrupts():
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
print("still here")
"""
NO_END = """
import signal, time
from sonovox.training.interrupts import Interrupts
with Interrupts(grace_s=0.2):
    signal.raise_signal(signal.SIGINT)
    time.sleep(20)
print("still here")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_flag(number, capfd):
    former = signal.getsignal(number)
    with Interrupts() as interrupts:
        assert interrupts.received is None
        signal.raise_signal(number)
        assert interrupts.received is number
        assert interrupts.exit_code == 128 + number
    assert signal.getsignal(number) is former
    assert "once more to leave at once" in capfd.readouterr().err


def test_a_signal_that_is_ignored_stays_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
            assert interrupts.received is None
    finally:
        signal.signal(signal.SIGINT, former)


def test_other_threads_do_nothing():
    seen = []

    def enter():
        with Interrupts() as interrupts:
            seen.append(interrupts.received)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [None]


@pytest.mark.parametrize(
    ("code", "number", "why"), [(SECOND, signal.SIGTERM, "leaving at once"), (NO_END, signal.SIGINT, "0.2 s of grace")]
)
def test_a_second_signal_or_the_end_of_grace_leaves_at_once(code, number, why):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 128 + number
    assert "still here" not in done.stdout
    assert why in done.stderr
