import pytest
import torch

from sonovox._internal.errors import ArgumentError, CheckpointError
from sonovox.training import Checkpointer, average_checkpoints, average_state_dicts
from sonovox.training.checkpoints.averaging import load_parameters


def states(n, dtype=torch.float32):
    return [{"w": torch.randn(50, 3, dtype=torch.float64).to(dtype), "n": torch.tensor(i)} for i in range(n)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.complex64])
def test_it_is_the_mean_rounded_once(dtype):
    made = states(5, dtype)
    wide = torch.complex128 if dtype.is_complex else torch.float64
    expected = torch.stack([state["w"].to(wide) for state in made]).mean(0).to(dtype)
    found = average_state_dicts(iter(made))
    assert found["w"].dtype == dtype
    # The two sum five numbers in another order; in a narrow type that is one unit where a rounding is a tie.
    torch.testing.assert_close(found["w"], expected, rtol=5 * torch.finfo(dtype).eps, atol=1e-15)


def test_counts_stay_whole_and_booleans_stay():
    made = [{"n": torch.tensor(n), "mask": torch.tensor([True, False])} for n in (3, 6, 2**60)]
    found = average_state_dicts(made)
    assert found["n"].dtype == torch.int64
    assert int(found["n"]) == (9 + 2**60) // 3
    assert found["mask"].tolist() == [True, False]


def test_the_states_are_left_as_they_were():
    made = states(2)
    before = made[0]["w"].clone()
    average_state_dicts(made)["w"].zero_()
    assert torch.equal(made[0]["w"], before)


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        ([], ArgumentError, "nothing to average"),
        ([{"a": torch.ones(1)}, {"b": torch.ones(1)}], CheckpointError, "different weights cannot be averaged: a, b"),
        ([{"a": torch.ones(1)}, {"a": torch.ones(2)}], CheckpointError, r"a has the shapes \(1,\) and \(2,\)"),
    ],
)
def test_what_cannot_be_averaged_is_told(made, error, message):
    with pytest.raises(error, match=message):
        average_state_dicts(made)


@pytest.fixture
def saved(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    checkpointer = Checkpointer(tmp_path, {"model": model})
    kept = []
    for _ in range(3):
        model(torch.randn(4, 3))
        torch.nn.init.normal_(model[0].weight)
        checkpointer.save_checkpoint()
        kept.append(model[0].weight.detach().clone())
    return checkpointer, model, torch.stack(kept).double().mean(0).float()


def test_the_averaged_state_goes_into_the_model(saved):
    checkpointer, model, expected = saved
    model.load_state_dict(average_checkpoints(checkpointer.find_checkpoints(), "model"))
    torch.testing.assert_close(model[0].weight, expected, rtol=1e-7, atol=0)  # one rounding of float32
    assert int(model[1].num_batches_tracked) == 2


def test_a_loader_and_an_averager_of_ones_own(saved):
    checkpointer, _, _ = saved
    asked = []

    def loader(path, map_location):
        asked.append((path.name, map_location))
        return 1

    assert average_checkpoints(checkpointer.find_checkpoints(), "model", loader, sum) == 3
    assert asked == [("model.safetensors", "cpu")] * 3


def test_wrong_names_and_damaged_files_are_told(saved):
    checkpointer, _, _ = saved
    found = checkpointer.find_checkpoints()
    with pytest.raises(ArgumentError, match="has no 'modle', but model; give the name"):
        average_checkpoints(found, "modle")
    path = found[1].paramfiles["model"]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match=r"model.safetensors was changed"):
        average_checkpoints(found, "model")


def test_one_state_is_read_by_its_file(saved):
    checkpointer, model, _ = saved
    state = load_parameters(checkpointer.find_checkpoint().paramfiles["model"])
    assert torch.equal(state["0.weight"], model[0].weight)
