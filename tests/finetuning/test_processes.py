"""Several processes learn what one learns that accumulates, in one folder, and go on when one of them is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch

from small_encoder import write_folder
from sonovox.finetuning import finetune
from sonovox.hub import load_weights

# Nothing by chance, as processes draw other numbers than one does.
SURE = {f"encoder_{name}": 0.0 for name in ("projection_dropout", "attention_dropout", "ff_interm_dropout", "dropout")}
OPTIONS = {"epochs": 3, "batch_seconds": 1.0, "dev_share": 0.25, "learning_rate": 0.01, "mask_time": 0.0}
WORDS = [word for name, value in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="module")
def sure_encoder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("sure") / "encoder", **SURE, encoder_layer_drop=0.0)


@pytest.fixture
def two(tmp_path, data, sure_encoder):
    """`two("out", "--lora")`: the command in two processes under torchrun."""

    def start(out, *more, restarts=0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--max-restarts={restarts}"]
        command += [f"--master-port={port}", "-m", "sonovox", "finetune", sure_encoder, data, "--out", tmp_path / out]
        environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
        return subprocess.Popen([*map(str, command), "--device", "cpu", *WORDS, *more], **pipes)

    return start


def assert_ended_well(process):
    said, told = process.communicate(timeout=240)
    assert process.returncode == 0, told[-3000:]
    return said, told


def weights(out):
    return load_weights(out / "model" / "model.safetensors")


@pytest.mark.slow
def test_two_processes_are_one_with_doubled_accumulation(two, data, sure_encoder, tmp_path):
    one = finetune(sure_encoder, data, tmp_path / "one", device="cpu", accumulate=2, quiet=True, **OPTIONS)
    said, told = assert_ended_well(two("two"))
    assert said.count("sonovox transcribe") == 1
    assert told.count("pairs       ") == 1
    assert "processes   2, which learn from a batch of 1 s each at a time, 2 to an update" in told
    ours, theirs = weights(tmp_path / "two"), weights(one)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=0, atol=1e-6)
    # The dev set has three items, which two processes cannot share alike; all of them are counted.
    both = [json.loads((tmp_path / out / "results.json").read_text()) for out in ("one", "two")]
    assert both[0] == both[1]


@pytest.mark.slow
def test_a_process_that_is_killed_costs_nothing(two, tmp_path):
    assert_ended_well(two("whole", "--lora-rank", "2"))
    process = two("killed", "--lora-rank", "2")
    log = tmp_path / "killed" / "train_log.txt"
    while not log.exists() and process.poll() is None:
        time.sleep(0.02)
    listed = ["ps", "-o", "pid=", "--ppid", str(process.pid)]
    ranks = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(ranks[-1]), signal.SIGKILL)
    process.communicate(timeout=240)
    assert process.returncode != 0
    _, told = assert_ended_well(two("killed", "--lora-rank", "2"))
    assert "going on with the run" in told
    for name, tensor in weights(tmp_path / "killed").items():
        assert torch.equal(tensor, weights(tmp_path / "whole")[name])


@pytest.mark.slow
def test_a_mistake_is_told_once(two, data, tmp_path):
    for file in data.glob("*.txt"):
        file.unlink()
    process = two("out")
    _, told = process.communicate(timeout=240)
    assert process.returncode != 0
    assert told.count("0 pairs of sound and text") == 1
    assert not (tmp_path / "out").exists()
