import json
import random
import shutil
import subprocess

import pytest
import safetensors.torch
import torch

from sonovox._internal.errors import CheckpointError
from sonovox.training.checkpoints.files import (
    SavedIndex,
    SavedPart,
    files_of,
    read_index,
    read_part,
    verify_checkpoint,
    write_checkpoint,
)
from sonovox.training.checkpoints.state_encoding import encode_state

STATE = {
    "weights": [
        torch.randn(64, 8),
        torch.randn(3, dtype=torch.float64),
        torch.tensor(7),
        torch.ones(5, dtype=torch.uint8),
    ],
    "half": torch.randn(9).bfloat16(),
    "empty": torch.zeros(0, 4),
    "step": 3,
}


def part(state):
    return SavedPart(*encode_state(state))


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "CKPT+x"
    parts = {
        "model": part(STATE),
        "plain": part({"a": 1}),
        "text": SavedPart(files={"text.ckpt": b"words", "text.ckpt.d/b": b"b"}),
    }
    write_checkpoint(path, {"WER": float("nan"), "epoch": 2}, parts)
    return path


def test_what_is_written_is_read(checkpoint):
    verify_checkpoint(checkpoint)
    index = read_index(checkpoint)
    assert isinstance(index, SavedIndex)
    assert repr(index.meta) == "{'WER': nan, 'epoch': 2}"
    assert index.parts == {
        "model": ["model.json", "model.safetensors"],
        "plain": ["plain.json"],
        "text": ["text.ckpt.d/b", "text.ckpt"],
    }
    state = read_part(checkpoint, "model")
    assert state["step"] == 3
    for a, b in zip(
        [*state["weights"], state["half"], state["empty"]],
        [*STATE["weights"], STATE["half"], STATE["empty"]],
        strict=True,
    ):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


def test_the_library_of_safetensors_reads_the_tensors(checkpoint):
    _, tensors = encode_state(STATE)
    read = safetensors.torch.load_file(checkpoint / "model.safetensors")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)


def test_a_shell_can_check_it(checkpoint):
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("there is no sha256sum")
    run = subprocess.run([tool, "-c", "CKPT.sha256"], cwd=checkpoint, capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert run.stdout.count(": OK") == 6


def test_the_tree_and_the_meta_are_plain_json(checkpoint):
    assert json.loads((checkpoint / "model.json").read_text())["half"] == {"~tensor": "half"}
    assert json.loads((checkpoint / "CKPT.json").read_text())["meta"]["epoch"] == 2


def test_500_single_flipped_bits_are_all_found(checkpoint):
    randomness = random.Random(0)
    files = [path for path in checkpoint.rglob("*") if path.is_file()]
    assert len(files) == 7
    for flip in range(500):
        path = files[flip % len(files)]
        whole = path.read_bytes()
        bit = randomness.randrange(8 * len(whole))
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"was changed|cannot be read"):
            verify_checkpoint(checkpoint)
        path.write_bytes(whole)
    verify_checkpoint(checkpoint)


def test_every_shorter_manifest_is_found(checkpoint):
    manifest = checkpoint / "CKPT.sha256"
    whole = manifest.read_bytes()
    for length in range(len(whole)):
        manifest.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="was changed"):
            verify_checkpoint(checkpoint)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors", "text.ckpt", "CKPT.json", "CKPT.sha256"])
def test_a_missing_file_is_found(checkpoint, name):
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} cannot be read: No such file"):
        verify_checkpoint(checkpoint)


def test_a_later_format_is_told(checkpoint, monkeypatch):
    monkeypatch.setattr("sonovox.training.checkpoints.files.FORMAT", "sonovox checkpoint 0")
    with pytest.raises(CheckpointError, match=r"of the format 'sonovox checkpoint 1'; use a later version"):
        read_index(checkpoint)


def test_a_state_that_is_not_there_or_no_json_is_told(checkpoint):
    with pytest.raises(CheckpointError, match="has no state of other"):
        read_part(checkpoint, "other")
    (checkpoint / "model.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"model of .* cannot be read"):
        read_part(checkpoint, "model")
    (checkpoint / "model.json").write_text("{}")
    (checkpoint / "model.safetensors").write_bytes(b"12")
    with pytest.raises(CheckpointError, match=r"model of .* cannot be read"):
        read_part(checkpoint, "model")


def test_the_last_file_is_the_one_that_others_read():
    assert files_of("a", part({"w": torch.ones(1)})) == ["a.json", "a.safetensors"]
    assert files_of("a", part({})) == ["a.json"]
    assert files_of("a", SavedPart(files={"a.ckpt": b"", "a.ckpt.x": b""})) == ["a.ckpt.x", "a.ckpt"]
