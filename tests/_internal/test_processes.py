import torch

from sonovox._internal.processes import is_distributed


def test_one_process_is_no_group():
    assert not is_distributed()


def test_a_torch_without_processes_has_no_group(monkeypatch):
    monkeypatch.setattr(torch.distributed, "is_available", lambda: False)
    monkeypatch.delattr(torch.distributed, "is_initialized")  # as in such a build
    assert not is_distributed()
