import subprocess
import sys

import pytest

from sonovox._internal.heap import trim_heap

PROGRAM = """
import torch
from pathlib import Path
from sonovox._internal.heap import trim_heap
size = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
held = [torch.ones(20_000) for _ in range(2000)]  # 153 MB in pieces that malloc keeps in its heap
full = size()
last = held.pop()
del held
trim_heap()
print(full - size())
"""


def test_it_tells_whether_there_was_something():
    assert trim_heap() in (True, False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is asked")
def test_freed_memory_goes_back_to_the_system():
    told = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert float(told.stdout) > 100


def test_another_c_library_is_let_be(monkeypatch):
    from sonovox._internal import heap

    heap._malloc_trim.cache_clear()
    monkeypatch.setattr(heap.sys, "platform", "darwin")
    assert trim_heap() is False
    heap._malloc_trim.cache_clear()
