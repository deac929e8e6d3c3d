"""A thread that writes one checkpoint at a time while training goes on."""

import logging
import threading
import warnings
from collections.abc import Callable

from sonovox._internal.errors import CheckpointWarning

__all__ = ["BackgroundWriter"]

_logger = logging.getLogger(__name__)


class BackgroundWriter:
    """Does one work at a time in a thread; Python waits for it before it exits.

    An error is logged when it happens. `wait` raises it; the next `run` does its own
    work in the foreground, so that an error of that is raised at once, and warns of
    the earlier one when the work is done.

    >>> writer = BackgroundWriter()
    >>> written = []
    >>> writer.run(lambda: written.append(1))
    >>> writer.wait()
    >>> written
    [1]
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def run(self, work: Callable[[], object]) -> None:
        """Wait for the work before, then start this one."""
        self.join()
        if self._error is not None:
            work()
            error, self._error = self._error, None
            warnings.warn(f"an earlier checkpoint was not written: {error}", CheckpointWarning, stacklevel=4)
            return
        # Not a daemon: the interpreter joins it, also when training ends with an error.
        self._thread = threading.Thread(target=self._do, args=(work,), name="sonovox-checkpoint", daemon=False)
        self._thread.start()

    def wait(self) -> None:
        """Return when nothing is being written; raises the error of the last work."""
        self.join()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def join(self) -> None:
        """Return when nothing is being written; an error is kept for later."""
        # What the work itself calls must not wait for its own end.
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error
            _logger.error("the checkpoint was not written: %s", error)
