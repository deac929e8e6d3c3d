"""Memory of batches is used again, and never while somebody holds it."""

import numpy as np
import pytest
import torch

from sonovox.data import batch_memory
from sonovox.data.batch_memory import batch_array
from sonovox.data.padding import batch_pad_right

FLOAT = np.dtype(np.float32)
LARGE = 1 << 19  # float32 numbers: 2 MiB


@pytest.fixture(autouse=True)
def _no_blocks(monkeypatch):
    monkeypatch.setattr(batch_memory, "_free", [])


def tensor(size=LARGE):
    return torch.from_numpy(batch_array((2, size // 2), FLOAT))


def test_memory_is_used_again_when_nobody_holds_it():
    first = tensor()
    place = first.data_ptr()
    del first
    assert tensor().data_ptr() == place


def test_what_is_held_is_never_used_again():
    held = []
    for n in range(6):
        batch = tensor().fill_(n)
        held.append([batch, batch[1], batch[0].numpy(), batch.view(-1)[5:7].detach()][n % 4])
        del batch
    assert [set(np.asarray(part).reshape(-1).tolist()) for part in held] == [{float(n)} for n in range(6)]


def test_a_longer_batch_gets_more_and_a_short_one_does_not_keep_a_long_one():
    del_me = tensor()
    del del_me
    longer = tensor(3 * LARGE)
    assert longer.numel() == 3 * LARGE
    del longer
    (block,) = batch_memory._free
    short = tensor()
    assert batch_memory._free[0] is block
    assert short.numel() == LARGE


def test_few_blocks_are_kept():
    many = [tensor() for _ in range(5)]
    del many
    assert len(batch_memory._free) == 2


def test_small_arrays_are_numpys_own():
    small = batch_array((3, 4), FLOAT)
    assert small.base is None
    assert small.shape == (3, 4)


def test_padding_fills_memory_that_was_used_before():
    for value in (7.0, 3.0):
        batch, lengths = batch_pad_right([torch.full((LARGE,), value), torch.full((9,), value)])
        assert (batch[0] == value).all()
        assert batch[1, :9].tolist() == [value] * 9
        assert not batch[1, 9:].any()
        assert lengths.tolist() == [1.0, pytest.approx(9 / LARGE)]
        del batch
