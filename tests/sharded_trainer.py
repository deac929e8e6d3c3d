"""A step of training on two processes whose weights are spread over both, saved and recovered."""

import os
import sys

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from sonovox.training import Checkpointer, RandomStates
from sonovox.training.checkpoints.sharded import gather_shards


def built(mesh):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5, bias=False), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3))
    if mesh is not None:
        fully_shard(model, mesh=mesh)
    return model, torch.optim.Adam(model.parameters(), lr=0.1)


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.arange(24.0).reshape(4, 6) / 24).square().mean().backward()
    optimizer.step()


def weights(model):
    return {name: gather_shards(value).clone() for name, value in model.state_dict().items()}


def main(folder, rank, background):
    os.environ.update(GLOO_SOCKET_IFNAME="lo", MASTER_ADDR="127.0.0.1")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    mesh = init_device_mesh("cpu", (2,))
    model, optimizer = built(mesh)
    torch.manual_seed(rank)
    named = {"model": model, "optimizer": optimizer, "random": RandomStates()}
    checkpointer = Checkpointer(f"{folder}/save", named, background=background)
    step(model, optimizer)
    saved = checkpointer.save_and_keep_only({"n": 1})
    checkpointer.wait()
    drawn = torch.rand(2)
    step(model, optimizer)
    expected = weights(model)

    model, optimizer = built(mesh)
    named = {"model": model, "optimizer": optimizer, "random": RandomStates()}
    found = Checkpointer(f"{folder}/save", named).recover_if_possible()
    assert found.path == saved.path, (found, saved)
    assert torch.equal(torch.rand(2), drawn), "each process has its own random states"
    step(model, optimizer)
    for name, value in weights(model).items():
        assert torch.equal(value, expected[name]), name
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "background")
