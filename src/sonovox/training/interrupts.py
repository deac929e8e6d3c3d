"""SIGTERM and SIGINT end training in order: the step is finished, the state saved; a second one ends it at once."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Self

__all__ = ["Interrupts"]


class Interrupts:
    """While it is entered, signals raise a flag instead of an exception.

    Outside the main thread, where Python delivers no signals, it does nothing.

    Args:
        grace_s: seconds from the first signal after which the process leaves in any case.

    >>> with Interrupts() as interrupts:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     interrupts.received.name
    'SIGTERM'
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self, grace_s: float = 60.0) -> None:
        self.grace_s = grace_s
        self.received: signal.Signals | None = None
        self._timer: threading.Timer | None = None
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                former = signal.getsignal(number)
                if former is not signal.SIG_IGN:  # nohup and the like keep their word
                    self._former[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former.clear()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def exit_code(self) -> int:
        """What a shell reports for a process that a signal has ended."""
        return 128 + int(self.received or 0)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.received is not None:
            self._leave(f"second {signal.Signals(number).name}: leaving at once")
        self.received = signal.Signals(number)
        _say(f"{self.received.name}: finishing the step and saving; once more to leave at once")
        self._timer = threading.Timer(
            self.grace_s, self._leave, [f"not done after {self.grace_s:g} s of grace: leaving"]
        )
        self._timer.daemon = True
        self._timer.start()

    def _leave(self, why: str) -> None:
        _say(why)
        # No handlers, no waiting for threads: checkpoints on disk are whole at any instant.
        os._exit(self.exit_code)


def _say(text: str) -> None:
    # Unbuffered and safe inside a signal handler, where a print could meet a half-done one.
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{text}\n".encode())
