"""One command over many files: headers first, progress, and failures that do not stop the others."""

import sys
import time
from collections.abc import Callable

from sonovox._internal.errors import SonovoxError
from sonovox.cli.console import as_sonovox_error, human_time, note, print_error
from sonovox.cli.inputs import Input
from sonovox.cli.progress import AudioProgress, progress_of

__all__ = ["EXIT_ALL_FAILED", "EXIT_SOME_FAILED", "FileRun"]

EXIT_SOME_FAILED, EXIT_ALL_FAILED = 1, 2


class FileRun:
    """Some inputs: what is known of their lengths, and what has gone wrong.

    The headers of all files are read at once, so that the bar knows how much there
    is, and that nobody waits for a model to hear that a file is missing.

    Args:
        inputs: the files.
        quiet: no progress and no remarks.
        debug: failures with their tracebacks.

    Attributes:
        failures: input -> what is wrong with it.
        durations: input -> seconds, as far as headers say.
        seconds: of audio that was done.
    """

    def __init__(self, inputs: list[Input], *, quiet: bool, debug: bool) -> None:
        from sonovox.io import info

        self.inputs, self.quiet, self.debug = inputs, quiet, debug
        self.failures: dict[Input, SonovoxError] = {}
        self.durations: dict[Input, float] = {}
        self.seconds = self.elapsed = 0.0
        for item in inputs:
            if item.path.is_fifo():
                continue  # it can be read only once
            try:
                self.durations[item] = info(item.path).duration
            except Exception as error:  # one bad file does not stop the others, whatever is wrong with it
                self.failures[item] = as_sonovox_error(error, place=str(item.path))

    @property
    def is_hopeless(self) -> bool:
        """Whether no input is left to work on."""
        return len(self.failures) == len(self.inputs)

    def each(self, work: Callable[[Input, AudioProgress], None]) -> None:
        """Call `work` for the inputs that have not failed yet; it tells the progress how far it is."""
        began = time.perf_counter()
        with progress_of(self.durations, quiet=self.quiet) as progress:
            for item in self.inputs:
                if item in self.failures:
                    continue
                try:
                    work(item, progress)
                except BrokenPipeError:
                    raise
                except Exception as error:
                    self.failures[item] = as_sonovox_error(error, place=str(item.path))
                    progress.skip(item)
        self.elapsed = time.perf_counter() - began

    def report(self) -> int:
        """Say how it went, with the reason of every failure; return the exit code."""
        sys.stdout.flush()
        done, failed = len(self.inputs) - len(self.failures), len(self.failures)
        if not self.quiet and self.seconds > 0:
            note(
                f"{'1 file' if done == 1 else f'{done} files'}, {human_time(self.seconds)} of audio in "
                f"{human_time(self.elapsed)}: {self.seconds / self.elapsed:.1f}x real time"
            )
        if failed and len(self.inputs) > 1:
            note(f"{failed} of {len(self.inputs)} files failed:")
        for item in self.inputs:
            if item in self.failures:
                print_error(self.failures[item], debug=self.debug)
        if not failed:
            return 0
        return EXIT_SOME_FAILED if done else EXIT_ALL_FAILED
