import logging

import pytest
import torch

import killed_trainer
from sonovox._internal.errors import CheckpointError, WriteError
from sonovox.training import Checkpointer
from sonovox.training.checkpoints.folder import CheckpointFolder
from sonovox.training.checkpoints.search import ckpt_recency


@pytest.fixture
def model():
    return torch.nn.Linear(2, 2)


@pytest.fixture
def checkpointer(tmp_path, model):
    return Checkpointer(tmp_path, {"model": model})


def test_leftovers_of_the_dead_go_but_not_while_another_process_writes(tmp_path, checkpointer):
    checkpointer.save_checkpoint()
    leftover = tmp_path / ".CKPT+2026-01-01+00-00-00+00.12ab34cd.new"
    leftover.mkdir()
    other, hears = killed_trainer.start(killed_trainer.hold_lock, tmp_path)
    assert hears.recv() == "held"
    Checkpointer(tmp_path)
    assert leftover.exists()
    with pytest.raises(WriteError, match=r"another process has been writing to .* for 0 s; end it"):
        CheckpointFolder(tmp_path, print).locked(patience_s=0.2).__enter__()
    other.kill()
    other.join()
    Checkpointer(tmp_path)
    assert not leftover.exists()
    assert len(checkpointer.list_checkpoints()) == 1


def test_one_that_was_hidden_to_be_replaced_comes_back(tmp_path, checkpointer):
    saved = checkpointer.save_checkpoint(name="best")
    saved.path.rename(tmp_path / ".CKPT+best.12ab34cd.replaced")
    assert checkpointer.list_checkpoints() == []
    assert Checkpointer(tmp_path).list_checkpoints() == [saved]


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_the_last_one_that_can_be_loaded_is_never_removed(tmp_path, model, checkpointer):
    for n in range(3):
        checkpointer.save_checkpoint({"n": n})
    newest, middle, _ = checkpointer.list_checkpoints()
    flip(newest.path / "model.safetensors")
    again = Checkpointer(tmp_path, {"model": model})  # another process, which knows of no file that it is sound
    again.delete_checkpoints(num_to_keep=1)
    assert [ckpt.meta["n"] for ckpt in again.list_checkpoints()] == [2, 1]
    again.load_checkpoint(middle)
    with pytest.raises(CheckpointError):
        again.load_checkpoint(newest)


def test_removals_are_logged_at_the_level_that_was_asked_for(checkpointer, caplog):
    with caplog.at_level(logging.DEBUG, "sonovox"):
        for _ in range(2):
            checkpointer.save_and_keep_only(verbosity=logging.DEBUG)
    assert [r.levelno for r in caplog.records if r.message.startswith("removed")] == [logging.DEBUG]


def test_stamps_grow_and_names_are_free(tmp_path):
    folder = CheckpointFolder(tmp_path, print)
    stamps = [folder.stamp("a")[0] for _ in range(5)]
    assert stamps == sorted(set(stamps))
    time, name = folder.stamp(None)
    (tmp_path / name).mkdir()
    assert folder.stamp(None)[1] != name
    assert folder.stamp("best")[1] == "CKPT+best"
    assert time > stamps[-1]


def test_a_new_one_is_newer_than_what_was_there(tmp_path, checkpointer, monkeypatch):
    first = checkpointer.save_checkpoint()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert CheckpointFolder(tmp_path, print).stamp(None)[0] > ckpt_recency(first)
