"""`import sonovox` and `sonovox --help` are quick, and import none of the heavy packages."""

import importlib.util
import resource
import subprocess
import sys

import pytest

HEAVY = ["torch", "transformers", "matplotlib", "huggingface_hub", "numpy", "soundfile"]
SECONDS = 0.3  # of CPU time, Python's own start included

WORKS = {
    "import sonovox": "import sonovox",
    "sonovox --help": """
import sys
from sonovox.cli.main import main
sys.argv = ["sonovox", "--help"]
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
""",
}


def heavy_modules_of(code: str) -> list[str]:
    """Which of the heavy packages are loaded after `code` ran in a new Python."""
    report = f"\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.rpartition("LOADED")[2].split()


def cpu_seconds_of(code: str, runs: int = 5) -> float:
    """CPU time of a new Python that runs `code`: the best of so many."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


@pytest.fixture(params=WORKS)
def code(request):
    if "cli" in WORKS[request.param] and importlib.util.find_spec("sonovox.cli.main") is None:
        pytest.skip("there is no sonovox.cli.main yet")
    return WORKS[request.param]


def test_nothing_heavy_is_imported(code):
    assert heavy_modules_of(code) == []


def test_it_takes_less_than_a_third_of_a_second(code):
    assert cpu_seconds_of(code) < SECONDS


def test_the_rules_can_fail():
    assert heavy_modules_of("import numpy") == ["numpy"]
    assert cpu_seconds_of("sum(range(50_000_000))", runs=1) > SECONDS
