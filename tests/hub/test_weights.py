import argparse
import json
import os
import pickle
import random
import subprocess
import sys
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.hub import load_checkpoint, load_module, load_weights, pack_weights, save_weights, transfer


def tensors():
    torch.manual_seed(0)
    return {"a.weight": torch.randn(3, 4), "a.steps": torch.tensor([1, 2]), "b": torch.randn(5).half()}


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".ckpt"])
@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_of_both_ages_are_read(tmp_path, suffix, zipped):
    torch.save(OrderedDict(tensors()), tmp_path / f"m{suffix}", _use_new_zipfile_serialization=zipped)
    same(load_weights(tmp_path / f"m{suffix}"), tensors())


def test_safetensors_are_read_and_cast(tmp_path):
    save_file(tensors(), tmp_path / "m.safetensors")
    same(load_weights(str(tmp_path / "m.safetensors")), tensors())
    cast = load_weights(tmp_path / "m.safetensors", dtype=torch.bfloat16)
    assert {name: tensor.dtype for name, tensor in cast.items()} == {
        "a.weight": torch.bfloat16, "a.steps": torch.int64, "b": torch.bfloat16,
    }  # fmt: skip


@pytest.mark.parametrize("key", ["model_state_dict", "state_dict", "model"])
def test_weights_inside_a_checkpoint_are_found(tmp_path, key):
    torch.save({"dims": {"n_mels": 80}, "step": 3, key: tensors()}, tmp_path / "m.pt")
    same(load_weights(tmp_path / "m.pt"), tensors())
    checkpoint = load_checkpoint(tmp_path / "m.pt")
    assert checkpoint["dims"] == {"n_mels": 80}
    assert checkpoint["step"] == 3


def shards(folder, places, kind="safetensors"):
    for shard in set(places.values()):
        part = {name: tensors()[name] for name in places if places[name] == shard and name in tensors()}
        save_file(part, folder / shard) if kind == "safetensors" else torch.save(part, folder / shard)
    index = folder / f"model.{kind}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_a_model_in_several_files_is_read_by_its_index(tmp_path, kind):
    places = {"a.weight": f"m-1.{kind}", "a.steps": f"m-2.{kind}", "b": f"m-1.{kind}"}
    same(load_weights(shards(tmp_path, places, kind)), tensors())


def test_an_index_must_tell_the_truth(tmp_path):
    with pytest.raises(WeightsError, match=r"missing a\.lost; unexpected nothing"):
        load_weights(shards(tmp_path, {"a.weight": "m.safetensors", "a.lost": "m.safetensors"}))


@pytest.mark.parametrize("name", ["../m.safetensors", "/tmp/m.safetensors", "x/m.safetensors"])
def test_an_index_cannot_point_elsewhere(tmp_path, name):
    (tmp_path / "m.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(WeightsError, match="points outside its folder"):
        load_weights(tmp_path / "m.index.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": 3}'])
def test_a_damaged_index_is_named(tmp_path, text):
    (tmp_path / "m.index.json").write_text(text)
    with pytest.raises(WeightsError, match=r"m\.index\.json is no index of weights"):
        load_weights(tmp_path / "m.index.json")


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path, zipped):
    content = {"weight": torch.zeros(2), "more": Evil(f"touch {tmp_path}/ran")}
    torch.save(content, tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError) as caught:
        load_weights(tmp_path / "m.pt")
    assert not (tmp_path / "ran").exists()
    for words in (str(tmp_path / "m.pt"), "without running code", "system", ".safetensors"):
        assert words in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_bare_pickle_is_refused_and_not_run(tmp_path):
    (tmp_path / "m.pt").write_bytes(pickle.dumps(Evil(f"touch {tmp_path}/ran")))
    with pytest.raises(WeightsError, match=r"m\.pt"):
        load_checkpoint(tmp_path / "m.pt")
    assert not (tmp_path / "ran").exists()


def test_the_name_that_would_have_been_called_is_told(tmp_path):
    torch.save({"args": argparse.Namespace(lr=1)}, tmp_path / "m.ckpt")
    with pytest.raises(WeightsError, match=r"it wants to call argparse\.Namespace; convert it where you trust it"):
        load_checkpoint(tmp_path / "m.ckpt")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_is_not_weights(tmp_path):
    torch.jit.script(nn.Linear(1, 1)).save(tmp_path / "m.pt")
    with pytest.raises(WeightsError, match=r"m\.pt is a TorchScript program, not weights"):
        load_weights(tmp_path / "m.pt")


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize("name", ["m.pt", "old.pt", "m.safetensors"])
def test_a_file_that_was_cut_is_named(tmp_path, name):
    path = tmp_path / name
    if name == "m.safetensors":
        save_file(tensors(), path)
    else:
        torch.save(tensors(), path, _use_new_zipfile_serialization=name == "m.pt")
    cut(path)
    with pytest.raises(WeightsError, match=rf"{name} "):
        load_weights(path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"hello", b"<html>not a model</html>"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_something_else_is_named(tmp_path, content, suffix):
    (tmp_path / f"m{suffix}").write_bytes(content)
    with pytest.raises(WeightsError, match=rf"m\{suffix} "):
        load_weights(tmp_path / f"m{suffix}")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", ["zipped.pt", "old.pt", "m.safetensors"])
def test_mutated_files_are_read_or_refused_and_nothing_else(tmp_path, kind):
    path = tmp_path / kind
    if kind == "m.safetensors":
        save_file(tensors(), path)
    else:
        torch.save(tensors(), path, _use_new_zipfile_serialization=kind == "zipped.pt")
    whole, rng, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(200):
        mutated = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        path.write_bytes(mutated[: rng.randrange(len(mutated))] if rng.random() < 0.2 else mutated)
        try:
            load_weights(path)
        except WeightsError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right
            refused += 1
    assert refused > 50


def test_an_archive_that_is_no_checkpoint_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(WeightsError, match=r"m\.pt is damaged"):
        load_weights(tmp_path / "m.pt")


def test_a_pickle_that_calls_itself_a_tar_is_read_and_a_tar_is_not(tmp_path):
    torch.save({"generator": {"a": torch.ones(3)}}, tmp_path / "m.pth.tar")
    assert load_weights(tmp_path / "m.pth.tar").keys() == {"a"}
    (tmp_path / "m.tar").touch()
    with pytest.raises(WeightsError, match=r"m\.tar is of no known kind"):
        load_weights(tmp_path / "m.tar")


def test_missing_files_folders_and_unknown_kinds_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"no file .*m\.pt; fetch it first"):
        load_weights(tmp_path / "m.pt")
    with pytest.raises(WeightsError, match="name the file"):
        load_weights(tmp_path)
    (tmp_path / "m.h5").touch()
    with pytest.raises(WeightsError, match=r"m\.h5 is of no known kind; weights are \.safetensors"):
        load_weights(tmp_path / "m.h5")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_weights_that_are_no_numbers_are_listed(tmp_path, bad, dtype):
    weights = {"good": torch.ones(3, dtype=dtype), "bad.one": torch.ones(3, 3, dtype=dtype), "empty": torch.ones(0)}
    weights["bad.one"][1, 2] = bad
    save_file(weights, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match=r"m\.safetensors has NaN or infinity in bad\.one; "):
        load_weights(tmp_path / "m.safetensors")
    assert load_checkpoint(tmp_path / "m.safetensors")["bad.one"].shape == (3, 3)


def test_eight_bit_floats_are_checked_too(tmp_path):
    save_file({"x": torch.tensor([1.0, float("nan")]).to(torch.float8_e5m2)}, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match="NaN or infinity in x"):
        load_weights(tmp_path / "m.safetensors")


def test_what_is_not_a_tensor_is_not_dropped_silently(tmp_path):
    torch.save({**tensors(), "epoch": 3}, tmp_path / "m.pt")
    with pytest.raises(WeightsError, match="epoch are no tensors; read it with load_checkpoint"):
        load_weights(tmp_path / "m.pt")


class Pair(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.first = nn.Linear(width, 3)
        self.second = nn.BatchNorm1d(3)


def test_transfer_gives_the_module_the_very_tensors(tmp_path):
    source = Pair()
    with torch.device("meta"):
        module = Pair()
    weights = source.state_dict()
    assert transfer(module, weights) == ([], [])
    assert module.first.weight.data_ptr() == source.first.weight.data_ptr()
    x = torch.randn(2, 4)
    torch.testing.assert_close(module.first(x), source.first(x))
    assert module.first.weight.requires_grad


def test_transfer_takes_over_the_dtype():
    module = nn.Linear(2, 2)
    transfer(module, {name: tensor.half() for name, tensor in module.state_dict().items()})
    assert module.weight.dtype == torch.float16


def test_names_that_do_not_match_are_listed_on_both_sides():
    weights = Pair().state_dict()
    weights["second.scale"] = weights.pop("second.weight")
    with pytest.raises(
        WeightsError, match=r"fit Pair: missing second\.weight; unexpected second\.scale; with strict=False"
    ):
        transfer(Pair(), weights)
    assert transfer(Pair(), weights, strict=False) == (["second.weight"], ["second.scale"])


@pytest.mark.parametrize("strict", [True, False])
def test_shapes_that_differ_are_given_on_both_sides_and_nothing_is_changed(strict):
    module = Pair()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(WeightsError, match=r"first\.weight is \(3, 7\) in the weights, \(3, 4\) in the module"):
        transfer(module, Pair(width=7).state_dict(), strict=strict)
    same(module.state_dict(), before)


@pytest.mark.parametrize("strict", [True, False])
def test_weights_of_another_model_are_refused(strict):
    with pytest.raises(
        WeightsError, match=r"no name of the weights is one of Pair: it has first\.weight.* have a\.weight"
    ):
        transfer(Pair(), tensors(), strict=strict)


def test_long_lists_are_cut():
    weights = {f"x{i}": torch.zeros(1) for i in range(50)} | Pair().state_dict()
    with pytest.raises(WeightsError, match="x17 and 40 more"):
        transfer(Pair(), weights)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 2)
        self.head = nn.Linear(2, 5, bias=False)
        self.head.weight = self.embedding.weight


@pytest.mark.parametrize("names", [["embedding.weight"], ["head.weight"], ["embedding.weight", "head.weight"]])
def test_tied_parameters_stay_tied_whatever_the_file_calls_them(names):
    values = torch.arange(10.0).view(5, 2)
    with torch.device("meta"):
        module = Tied()
    assert transfer(module, dict.fromkeys(names, values)) == ([], [])
    assert module.head.weight is module.embedding.weight
    torch.testing.assert_close(module.head.weight.data, values)


def test_saved_weights_come_back_with_their_metadata(tmp_path):
    path = tmp_path / "out" / "m.safetensors"
    shared = torch.randn(4, 4)
    weights = {"a": shared, "same": shared, "part": shared[1], "turned": shared.t()}
    save_weights(path, weights, {"source": "hf:a/b"})
    same(load_weights(path), {name: tensor.contiguous() for name, tensor in weights.items()})
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "source": "hf:a/b"}
    assert [item.name for item in path.parent.iterdir()] == ["m.safetensors"]


def test_saving_refuses_other_suffixes_and_metadata(tmp_path):
    with pytest.raises(ArgumentError, match=r"must end in \.safetensors, got .*m\.pt"):
        save_weights(tmp_path / "m.pt", tensors())
    with pytest.raises(ArgumentError, match="metadata must be texts, got 'step': 3; use json"):
        save_weights(tmp_path / "m.safetensors", tensors(), {"step": 3})


def test_a_mapped_checkpoint_costs_no_memory_before_it_is_used(tmp_path):
    torch.save({f"w{i}": torch.zeros(1_000_000) for i in range(50)}, tmp_path / "m.pt")  # 200 MB
    code = (
        "import resource, sys; from sonovox.hub import load_checkpoint; import torch\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); c = load_checkpoint(sys.argv[1]); print(len(c), peak() - before)"
    )
    out = subprocess.check_output([sys.executable, "-c", code, tmp_path / "m.pt"], text=True).split()
    assert out[0] == "50"
    assert int(out[1]) < 50_000  # kB


def test_a_module_takes_copies_and_keeps_its_parameters(tmp_path):
    module, other = nn.Linear(2, 1).half(), nn.Linear(2, 1)
    save_weights(tmp_path / "m.safetensors", other.state_dict())
    before = list(module.parameters())
    assert load_module(module, tmp_path / "m.safetensors") == ([], [])
    assert all(one is two for one, two in zip(module.parameters(), before, strict=True))
    assert module.weight.dtype == torch.float16
    torch.testing.assert_close(module.weight, other.weight.half(), rtol=0, atol=0)


def test_copies_go_to_real_memory_only():
    module = nn.Linear(2, 1, device="meta")
    transfer(module, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}, copy=True)
    assert module(torch.ones(2)).item() == 2.0


def test_older_names_are_translated_by_the_module_itself(tmp_path):
    module = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    old = {"weight_g": torch.full((2, 1), 5.0), "weight_v": torch.ones(2, 3), "bias": torch.zeros(2)}
    torch.save({"state_dict": old}, tmp_path / "m.ckpt")
    load_module(module, tmp_path / "m.ckpt")
    torch.testing.assert_close(module.weight.norm(dim=1), torch.full((2,), 5.0))


def test_what_does_not_fit_a_module_is_told_with_the_file(tmp_path):
    torch.save({"weight": torch.ones(3, 3), "bias": torch.zeros(1)}, tmp_path / "m.ckpt")
    with pytest.raises(WeightsError, match=r"m\.ckpt: shapes do not fit Linear: weight is \(3, 3\) in the weights"):
        load_module(nn.Linear(2, 1), tmp_path / "m.ckpt")


def test_packed_bytes_are_a_file(tmp_path):
    shared = {"a": torch.ones(4)}
    shared["b"] = shared["a"].view(2, 2)
    (tmp_path / "m.safetensors").write_bytes(pack_weights(shared, {"note": "x"}))
    same(load_weights(tmp_path / "m.safetensors"), shared)
    with safe_open(tmp_path / "m.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt", "note": "x"}
