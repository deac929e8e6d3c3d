import subprocess
import sys

import pytest
import torch

from sonovox._internal.errors import CheckpointError, CheckpointWarning
from sonovox.training import Checkpointer, EpochCounter, RandomStates
from sonovox.training.checkpoints.averaging import average_checkpoints
from sonovox.training.checkpoints.speechbrain import (
    adapt_state,
    is_one,
    is_torch_file,
    parameter_files,
    read_meta,
    read_part,
)

META = "# yamllint disable\nWER: 3.5\nend-of-epoch: {end}\nunixtime: {time}\n"


class Loader:
    """The state of our loaders."""

    def __init__(self):
        self.state = {"epoch": 4, "position": 0, "seed": 1}

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


class Encoder:
    """Has a text file of its own."""

    def save(self, path):
        path.write_text(self.text)

    def load(self, path, end_of_epoch=False, device=None):
        self.text = path.read_text()


def objects():
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": model, "optimizer": optimizer, "counter": EpochCounter(9), "enc": Encoder(), "dl": Loader()}


def write(folder, made, *, time, end):
    """What SpeechBrain's Checkpointer writes, by hand."""
    folder.mkdir(parents=True)
    (folder / "CKPT.yaml").write_text(META.format(end=str(end).lower(), time=time))
    torch.save(made["model"].state_dict(), folder / "model.ckpt")
    torch.save(made["optimizer"].state_dict(), folder / "optimizer.ckpt")
    (folder / "counter.ckpt").write_text("3")
    (folder / "dl.ckpt").write_text("17")
    (folder / "enc.ckpt").write_text("'a' => 0\n")


def same(a, b):
    states = [x["optimizer"].state_dict()["state"] for x in (a, b)]
    return torch.equal(a["model"].weight, b["model"].weight) and all(
        torch.equal(states[0][i][key], states[1][i][key]) for i in states[0] for key in states[0][i]
    )


@pytest.mark.parametrize(("end", "epoch", "position"), [(True, 3, 0), (False, 2, 17)])
def test_a_run_of_speechbrain_goes_on(tmp_path, end, epoch, position):
    made = objects()
    write(tmp_path / "CKPT+2026-01-01+00-00-00+00", made, time=2.0, end=end)
    write(tmp_path / "CKPT+older", objects(), time=1.0, end=end)
    fresh = objects()
    torch.nn.init.zeros_(fresh["model"].weight)
    found = Checkpointer(tmp_path, fresh).recover_if_possible(min_key="WER")
    assert found.path.name == "CKPT+2026-01-01+00-00-00+00"
    assert found.meta == {"WER": 3.5, "end-of-epoch": end, "unixtime": 2.0}
    assert same(made, fresh)
    assert fresh["counter"].current == epoch
    assert fresh["dl"].state == {"epoch": 4, "position": position, "seed": 1}
    assert fresh["enc"].text == "'a' => 0\n"


def test_what_speechbrain_does_not_keep_is_left_with_one_warning(tmp_path):
    write(tmp_path / "CKPT+x", objects(), time=1.0, end=True)
    checkpointer = Checkpointer(tmp_path, {**objects(), "random": RandomStates()})
    with pytest.warns(CheckpointWarning, match="has no state of random, which are left") as warned:
        checkpointer.recover_if_possible()
    assert len(warned) == 1


def test_ours_and_theirs_stand_in_one_folder(tmp_path):
    write(tmp_path / "CKPT+theirs", objects(), time=1.0, end=True)
    checkpointer = Checkpointer(tmp_path, {"model": torch.nn.Linear(3, 2)})
    ours = checkpointer.save_checkpoint({"WER": 9})
    assert [ckpt.path.name for ckpt in checkpointer.list_checkpoints()] == [ours.path.name, "CKPT+theirs"]
    assert checkpointer.recover_if_possible(min_key="WER").path.name == "CKPT+theirs"


def test_theirs_are_averaged(tmp_path):
    made = [objects() for _ in range(2)]
    torch.nn.init.ones_(made[1]["model"].weight)
    for n, one in enumerate(made):
        write(tmp_path / f"CKPT+{n}", one, time=float(n), end=True)
    averaged = average_checkpoints(Checkpointer(tmp_path).find_checkpoints(), "model")["weight"]
    torch.testing.assert_close(averaged, (made[0]["model"].weight + made[1]["model"].weight).detach() / 2)


class Evil:
    def __reduce__(self):
        return print, ("code of a stranger ran",)


def test_files_that_would_run_code_are_refused(tmp_path, capsys):
    write(tmp_path / "CKPT+x", objects(), time=1.0, end=True)
    torch.save({"w": Evil()}, tmp_path / "CKPT+x" / "model.ckpt")
    with pytest.raises(CheckpointError, match=r"(?s)no checkpoint .* can be used.*model.ckpt cannot be read safely"):
        Checkpointer(tmp_path, objects()).recover_if_possible()
    assert capsys.readouterr().out == ""


def test_a_damaged_file_makes_the_one_before_be_taken(tmp_path):
    write(tmp_path / "CKPT+a", objects(), time=1.0, end=True)
    write(tmp_path / "CKPT+b", objects(), time=2.0, end=True)
    path = tmp_path / "CKPT+b" / "optimizer.ckpt"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.warns(CheckpointWarning, match=r"optimizer.ckpt"):
        assert Checkpointer(tmp_path, objects()).recover_if_possible().path.name == "CKPT+a"


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1", "unixtime: soon\nend-of-epoch: true", "x: !!python/name:os.system"]
)
def test_a_meta_that_is_none_is_told(tmp_path, text):
    (tmp_path / "CKPT.yaml").write_text(text)
    assert is_one(tmp_path)
    with pytest.raises(CheckpointError, match=r"CKPT.yaml"):
        read_meta(tmp_path)


def test_parts_are_tensors_or_numbers(tmp_path):
    write(tmp_path / "x", objects(), time=1.0, end=True)
    files = parameter_files(tmp_path / "x")
    assert list(files) == ["counter", "dl", "enc", "model", "optimizer"]
    assert is_torch_file(files["model"])
    assert not is_torch_file(files["dl"])
    assert read_part(files["dl"]) == 17
    with pytest.raises(CheckpointError, match=r"enc.ckpt is neither a file of torch nor a number"):
        read_part(files["enc"])


def test_only_the_number_of_a_loader_is_changed():
    assert adapt_state({"a": 1}, {"position": 0}, end_of_epoch=True) == {"a": 1}
    assert adapt_state(5, {"x": 0}, end_of_epoch=True) == 5
    assert adapt_state(5, {"position": 0, "epoch": 2}, end_of_epoch=False) == {"position": 5, "epoch": 2}


SPEECHBRAIN = """
import sys, torch
from speechbrain.utils.checkpoints import Checkpointer
from speechbrain.utils.epoch_loop import EpochCounter
from speechbrain.dataio.encoder import CategoricalEncoder
from speechbrain.dataio.dataloader import SaveableDataLoader
torch.manual_seed(0)
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(1, 3)).sum().backward()
optimizer.step()
counter, encoder = EpochCounter(9), CategoricalEncoder()
epochs = iter(counter)
for _ in range(3): next(epochs)
encoder.update_from_iterable("ab")
loader = SaveableDataLoader(range(40), batch_size=2)
batches = iter(loader)
for _ in range(17): next(batches)
named = {"model": model, "optimizer": optimizer, "counter": counter, "enc": encoder, "dl": loader}
Checkpointer(sys.argv[1], named).save_checkpoint({"WER": 3.5}, end_of_epoch=False)
"""


@pytest.mark.peers
def test_what_speechbrain_itself_writes_is_read(tmp_path):
    pytest.importorskip("speechbrain")
    subprocess.run([sys.executable, "-c", SPEECHBRAIN, tmp_path], check=True, capture_output=True)
    made, fresh = objects(), objects()  # the same seed and the same step as SpeechBrain's
    torch.nn.init.zeros_(fresh["model"].weight)
    found = Checkpointer(tmp_path, fresh).recover_if_possible(min_key="WER")
    assert found.meta["WER"] == 3.5
    assert same(made, fresh)
    assert fresh["counter"].current == 2
    assert fresh["dl"].state["position"] == 17
    assert "'a' => 0" in fresh["enc"].text
