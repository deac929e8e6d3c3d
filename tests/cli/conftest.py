"""The command, in this process or in one of its own, with an empty cache and no network."""

import os
import subprocess
import sys

import pytest
import torch

import sonovox
from sonovox.cli.main import main


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """The cache folder of the test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SONOVOX_CACHE", str(folder))
    monkeypatch.setenv("SONOVOX_OFFLINE", "1")
    return folder


@pytest.fixture
def sonovox_here(capsys):
    """`sonovox_here("info", "a.wav")` in this process: exit code, stdout, stderr."""

    def run(*words):
        with pytest.raises(SystemExit) as leave:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


@pytest.fixture
def sonovox_process(tmp_path):
    """`sonovox_process("info", "a.wav")`: a running command; its streams are pipes, its folder is `tmp_path`."""
    running = []

    def start(*words, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, "-m", "sonovox", *map(str, words)]
        running.append(subprocess.Popen(command, cwd=tmp_path, env=dict(os.environ), **(pipes | options)))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def peak_mib(tmp_path):
    """`peak_mib(minutes, "vad", *words)`: the most memory of a command for a recording of bursts, and what it said."""
    from sonovox.io.block_writer import block_writer

    def run(minutes, command, *words):
        path = tmp_path / f"{minutes}.wav"
        bursts = torch.rand(1, 60 * 8000, generator=torch.Generator().manual_seed(0)) - 0.5
        bursts = bursts * (torch.arange(60 * 8000) // 8000 % 4 > 1)
        with block_writer(path, 8000, bits_per_sample=16) as writer:
            for _ in range(minutes):
                writer.write(bursts)
        words = [sys.executable, "-m", "sonovox", command, path, "--quiet", "--device", "cpu", *words]
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen(list(map(str, words)), stdout=said, env={**os.environ, "OMP_NUM_THREADS": "1"})
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss / 1024, (tmp_path / "said").read_text()

    return run


@pytest.fixture
def recording(tmp_path):
    """`recording("a.wav", seconds=3.0)`: a file of noise below the test's folder."""

    def write(name, seconds=3.0, sample_rate=16000):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = torch.rand(1, round(seconds * sample_rate), generator=torch.Generator().manual_seed(0)) - 0.5
        sonovox.save(path, 0.2 * noise, sample_rate, bits_per_sample=16)
        return path

    return write
