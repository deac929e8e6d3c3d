import pytest
import torch

from sonovox._internal.errors import ArgumentError, CheckpointError
from sonovox.training.checkpoints.files import SavedPart
from sonovox.training.checkpoints.recoverables import Captured, Recoverable, capture, restore_files, restore_state


class Folder:
    """Saves a folder, as Hugging Face models do."""

    def save(self, path):
        path.mkdir()
        (path / "a").write_text("1")
        (path / "b").mkdir()
        (path / "b" / "c").write_text("2")

    def load(self, path, device=None):
        self.found = (path / "a").read_text() + (path / "b" / "c").read_text()


@pytest.mark.parametrize("name", ["", "a/b", "..", ".x", "a:b", "CKPT", "a\n"])
def test_names_that_are_no_files_are_refused(name):
    with pytest.raises(ArgumentError, match=r"named|taken by the checkpoint"):
        Recoverable(name, torch.nn.Linear(1, 1))


def test_an_object_without_a_state_is_refused_at_once():
    with pytest.raises(ArgumentError, match=r"the recoverable 'x', a int, has no state .*; give it state_dict"):
        Recoverable("x", 3)


def test_folders_are_kept_whole(tmp_path):
    one = Recoverable("x", Folder())
    part = capture(one, copy=False).part
    assert part.files == {"x.ckpt/a": b"1", "x.ckpt/b/c": b"2"}
    one.obj.save(tmp_path / "x.ckpt")
    restore_files(one, tmp_path / "x.ckpt", end_of_epoch=True)
    assert one.obj.found == "12"


def test_a_save_that_writes_nothing_is_told():
    with pytest.raises(CheckpointError, match="the save of x wrote nothing"):
        capture(Recoverable("x", object(), save_hook=lambda obj, path: None), copy=False)


@pytest.mark.parametrize("copy", [True, False])
def test_a_copy_is_not_changed_by_what_comes_after(copy):
    module = torch.nn.Linear(2, 2)
    captured = capture(Recoverable("m", module), copy=copy)
    torch.nn.init.zeros_(module.weight)
    assert bool(captured.part.tensors["weight"].any()) == copy


class Masked(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        self.register_buffer("count", torch.tensor(3))


def test_masks_may_be_infinite_but_weights_may_not():
    module = Masked()
    assert capture(Recoverable("m", module), copy=False).is_finite()
    module.weight.data[0] = torch.inf
    assert not capture(Recoverable("m", module), copy=False).is_finite()
    module.weight.data[0] = 1
    module.mask[0] = torch.nan
    assert not capture(Recoverable("m", module), copy=False).is_finite()


def test_one_nan_anywhere_is_found_in_every_dtype():
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.complex64):
        weight = torch.zeros(1000, dtype=torch.float32)
        for place in (0, 999):
            bad = weight.clone()
            bad[place] = torch.nan
            for tensor, expected in ((bad, False), (weight, True)):
                module = torch.nn.ParameterList([torch.nn.Parameter(tensor.to(dtype), requires_grad=False)])
                assert capture(Recoverable("m", module), copy=False).is_finite() == expected, dtype


def test_optimisers_are_checked_and_other_states_are_not():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight])
    weight.grad = torch.tensor([1.0, torch.inf])
    optimizer.step()
    assert not capture(Recoverable("o", optimizer), copy=False).is_finite()
    assert Captured(SavedPart(tensors={"x": torch.tensor(torch.nan)})).is_finite()


def test_an_object_that_has_lost_its_way_back_is_told(tmp_path):
    only_save = type("OnlySave", (), {"save": lambda self, path: None})()
    with pytest.raises(CheckpointError, match=r"was saved as a state, but OnlySave has no load_state_dict"):
        restore_state(Recoverable("x", only_save), {})
    with pytest.raises(CheckpointError, match=r"was saved as a file, but OnlySave has no load\(path\)"):
        restore_files(Recoverable("x", only_save), tmp_path / "x.ckpt", end_of_epoch=True)
