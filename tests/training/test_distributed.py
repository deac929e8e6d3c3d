"""Several processes learn what one learns that accumulates gradients, and go on when one of them is killed."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from sonovox.training import distributed
from training import distributed_run

SCRIPT = Path(__file__).with_name("distributed_run.py")


def torchrun(*arguments, restarts=0):
    """Two processes with gloo, which must end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--max-restarts={restarts}"]
    command += [f"--master-port={port}", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def trained(target, mode, *, marker="-", restarts=0):
    """What two processes saved at the end of a training."""
    target.mkdir()
    torchrun(SCRIPT, target, mode, 1, marker, restarts=restarts)
    return torch.load(target / "final.pt", weights_only=True)


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    return distributed_run.main(tmp_path_factory.mktemp("one"), 4, accumulation=2)


def assert_equal_within_1e_6(result, brain):
    for name, value in brain.modules.model.state_dict().items():
        torch.testing.assert_close(result["model"][name], value, rtol=0, atol=1e-6)
    assert result["valid"].item() == pytest.approx(brain.valid_loss, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["ddp", "fsdp"])
def test_two_processes_are_one_with_doubled_accumulation(tmp_path, one_process, mode):
    assert_equal_within_1e_6(trained(tmp_path / "two", mode), one_process)


@pytest.mark.slow
def test_processes_with_unequal_batches_to_validate_do_not_wait_for_ever(tmp_path):
    result = trained(tmp_path / "two", "uneven")
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)).eval()
    net.load_state_dict(result["model"])
    valid = distributed_run.Numbers(5)
    # All with the running means of the first process, which are those that were saved. Batches of 2, 2 and 1.
    losses = [nn.functional.mse_loss(net(valid.x[i : i + 2]), valid.y[i : i + 2]).item() for i in (0, 2, 4)]
    assert result["valid"].item() == pytest.approx(sum(losses) / 3, abs=1e-5)


@pytest.mark.slow
def test_a_killed_process_is_started_again_and_nothing_is_lost(tmp_path, one_process):
    marker = tmp_path / "killed"
    result = trained(tmp_path / "two", "ddp", marker=marker, restarts=2)
    assert marker.exists()
    assert_equal_within_1e_6(result, one_process)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize("mode", ["ddp", "fsdp"])
def test_a_process_ends_without_threads_of_gloo(mode):
    torchrun(SCRIPT.with_name("meet_and_leave.py"), mode)


class TestOneProcess:
    def test_everything_is_itself(self):
        net = nn.Linear(2, 1)
        assert distributed.is_main_process()
        assert distributed.parallel(net, torch.device("cpu"), mode="ddp", find_unused=False) is net
        assert distributed.mean_over_processes(3.0, 2) == 1.5
        assert distributed.mean_over_processes(0.0, 0) == 0.0
        assert distributed.highest(1) == 1
        assert distributed.gather_states({"a": 1}) == [{"a": 1}]
        assert distributed.main_first(lambda: "ready") == "ready"
        distributed.share_buffers([nn.BatchNorm1d(2)])

    def test_an_error_on_the_main_process_is_raised(self):
        with pytest.raises(ZeroDivisionError):
            distributed.run_on_main(lambda: 1 / 0)

    def test_without_torchrun_there_is_no_group(self):
        assert distributed.join_processes("nccl", torch.device("cpu")) == torch.device("cpu")
        assert not torch.distributed.is_initialized()


def test_a_group_of_one_process_works(monkeypatch, tmp_path, request):
    """What torchrun sets, for one process; DDP around a module leaves its attributes in reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}.items():
        monkeypatch.setenv(name, value)
    device = distributed.join_processes("nccl", torch.device("cpu"))
    request.addfinalizer(torch.distributed.destroy_process_group)
    assert distributed.join_processes("nccl", device) == device  # a second time nothing happens
    net = nn.Linear(2, 1)
    wrapped = distributed.parallel(net, device, mode="ddp", find_unused=False)
    assert isinstance(wrapped, distributed.Replicated)
    assert wrapped.in_features == 2
    with pytest.raises(AttributeError):
        _ = wrapped.nothing
    frozen = nn.Linear(2, 1).requires_grad_(False)
    assert distributed.parallel(frozen, device, mode="ddp", find_unused=False) is frozen
    assert distributed.mean_over_processes(3.0, 2) == 1.5
    assert distributed.highest(2) == 2
    assert distributed.gather_states({"a": 1}) == [{"a": 1}]
    distributed.run_on_main(lambda: (tmp_path / "x").touch())
    assert (tmp_path / "x").exists()


def test_processes_that_are_started_again_meet_under_names_of_their_own(monkeypatch):
    """The launcher keeps one store for all attempts; what the last one left there must not be read."""
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    names = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1", "TORCHELASTIC_USE_AGENT_STORE": "True"}
    for name, value in {**names, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}.items():
        monkeypatch.setenv(name, value)
    stores = []
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend, store, **_: stores.append(store))
    monkeypatch.setattr(distributed.atexit, "register", lambda function: None)
    for attempt in ("0", "1"):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", attempt)
        distributed.join_processes("gloo", torch.device("cpu"))
        stores[-1].set("address", attempt)
    assert [each.get("address") for each in stores] == [b"0", b"1"]
