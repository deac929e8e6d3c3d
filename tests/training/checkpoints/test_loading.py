from pathlib import Path

import pytest
import torch

from sonovox._internal.errors import CheckpointError, CheckpointWarning
from sonovox.training import Checkpointer
from sonovox.training.checkpoints.loading import first_sound, load_states, tell_of, verify
from sonovox.training.checkpoints.recoverables import Recoverable


@pytest.fixture
def saved(tmp_path):
    return Checkpointer(tmp_path, {"a": torch.nn.Linear(1, 1), "b": torch.nn.Linear(2, 2)}).save_checkpoint()


def described(**objects):
    return {name: Recoverable(name, obj) for name, obj in objects.items()}


def test_nothing_is_given_to_any_object_before_all_is_read(saved):
    a = torch.nn.Linear(1, 1)
    before = a.weight.detach().clone()
    (saved.path / "b.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"b of .* cannot be read"):
        load_states(saved, described(a=a, b=torch.nn.Linear(2, 2)), allow_partial=False)
    assert torch.equal(a.weight, before)


def test_what_nobody_asks_for_is_left(saved):
    a = torch.nn.Linear(1, 1)
    load_states(saved, described(a=a), allow_partial=False)
    verify(saved, described(a=a))


def test_the_first_sound_one_and_what_is_wrong_with_those_before(saved):
    def check(checkpoint):
        if checkpoint != saved:
            raise CheckpointError(f"{checkpoint} is bad")

    assert first_sound(["x", "y", saved, "z"], check) == (2, ["x is bad", "y is bad"])
    assert first_sound(["x"], check) == (None, ["x is bad"])
    assert first_sound([], check) == (None, [])


def test_one_warning_or_the_error():
    tell_of([], Path("f"), found=False)
    with pytest.warns(CheckpointWarning, match=r"(?s)passed over:\n  a\n  b") as warned:
        tell_of(["a", "b"], Path("f"), found=True)
    assert len(warned) == 1
    with pytest.raises(CheckpointError, match=r"(?s)no checkpoint in f can be used:\n  a"):
        tell_of(["a"], Path("f"), found=False)
