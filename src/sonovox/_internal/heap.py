"""Memory that the C library holds after it was freed."""

import ctypes
import functools
import sys
from collections.abc import Callable

__all__ = ["trim_heap"]


def trim_heap() -> bool:
    """Give freed memory back to the system, where the C library is glibc; whether it did.

    Tensors of ever other sizes leave gaps in its heap that it fills late: a process that hears a long recording piece
    by piece would grow for hours by what nobody uses.
    """
    trim = _malloc_trim()
    return trim is not None and bool(trim(0))


@functools.cache
def _malloc_trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):  # another C library
        return None
