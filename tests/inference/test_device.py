import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference.device import choose_device


def test_devices_are_checked_by_name_and_by_use():
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(ArgumentError, match=r"device 'toaster' cannot be used: .*; `sonovox doctor` lists devices"):
        choose_device("toaster")
    with pytest.raises(ArgumentError, match="device 'cuda:99' cannot be used: "):
        choose_device("cuda:99")


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_best_that_is_there_is_the_default(monkeypatch, cuda, mps, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device(None) == torch.device(chosen)
