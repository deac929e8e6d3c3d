import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "mutations.py"
SECONDS = 2.0
MEGABYTES = 300


def load_damaged(first: int, count: int) -> tuple[list[dict], list[dict]]:
    """What became of each file, and the files on which the interpreter died or hung."""
    done, fatal, end = [], [], first + count
    while first < end:
        lines, code = run_worker(first, end - first)
        finished = [line for line in lines if "outcome" in line]
        done += finished
        if code == 0 and len(finished) == end - first:
            break
        assert lines, f"the worker died with code {code} before its first file"
        fatal.append({**lines[-1], "code": code})
        first = lines[-1]["number"] + 1
    return done, fatal


def run_worker(first: int, count: int) -> tuple[list[dict], int]:
    command = [sys.executable, str(PROGRAM), str(first), str(count)]
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60 + count, check=False
        )
        output, code = result.stdout, result.returncode
    except subprocess.TimeoutExpired as error:
        output, code = error.stdout or b"", -1
    return [json.loads(line) for line in output.splitlines() if line.endswith(b"}")], code


def expect_sane(done: list[dict], fatal: list[dict], count: int) -> None:
    outcomes = Counter(item["outcome"].partition(":")[0] for item in done)
    slow, large = max(done, key=lambda item: item["seconds"]), max(done, key=lambda item: item["grown_mb"])
    figures = f"{dict(outcomes)}; slowest {slow['seconds']:.2f} s, most memory {large['grown_mb']:.0f} MB"
    sys.stdout.write(f"\n{count} files: {figures}\n")
    assert not fatal
    assert len(done) == count
    assert [item for item in done if ":" in item["outcome"]] == []
    assert slow["seconds"] < SECONDS, slow
    assert large["grown_mb"] < MEGABYTES, large
    assert outcomes["loaded"] < count  # the damage is real


def test_300_damaged_files_neither_crash_nor_hang_and_every_error_names_its_file():
    expect_sane(*load_damaged(0, 300), 300)


@pytest.mark.slow
def test_10000_damaged_files_neither_crash_nor_hang_and_every_error_names_its_file():
    expect_sane(*load_damaged(0, 10_000), 10_000)
