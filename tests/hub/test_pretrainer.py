"""Files for the parts of a model: from folders, addresses, repositories and wheels, into what loads them."""

import os

import pytest
import sentencepiece
import torch
from safetensors.torch import save_file
from torch import nn

from sonovox._internal.errors import (
    ArgumentError,
    DataError,
    NotInSourceError,
    OfflineError,
    SourceError,
    WeightsError,
)
from sonovox.data import CategoricalEncoder, CTCTextEncoder
from sonovox.hub import Pretrainer
from sonovox.nn import InputNormalization


def layer(value=0.0):
    made = nn.Linear(2, 1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(value)
    return made


def weights(value):
    return layer(value).state_dict()


def loaded_from(pretrainer, source=None, **options):
    """The weight that a layer has after collecting and loading."""
    pretrainer.collect_files(source, **options)
    pretrainer.load_collected()
    return pretrainer.loadables["model"].weight[0, 0].item()


@pytest.fixture
def folder(tmp_path):
    """A folder with model.ckpt, in which all weights are 1."""
    place = tmp_path / "folder"
    place.mkdir()
    torch.save(weights(1.0), place / "model.ckpt")
    return place


def test_a_loadable_is_found_by_its_name(folder):
    assert loaded_from(Pretrainer(loadables={"model": layer()}), folder) == 1.0


def test_safetensors_are_preferred(folder):
    save_file(weights(2.0), folder / "model.safetensors")
    assert loaded_from(Pretrainer(loadables={"model": layer()}), folder) == 2.0


def test_a_path_of_ones_own_comes_before_the_default_source(folder, tmp_path):
    torch.save(weights(3.0), tmp_path / "best.pt")
    assert loaded_from(Pretrainer(None, {"model": layer()}, {"model": tmp_path / "best.pt"}), folder) == 3.0


def test_from_an_address_with_a_query(folder, web):
    url = web.put("/s/embedding_model.ckpt", (folder / "model.ckpt").read_bytes()) + "?dl=1"
    assert loaded_from(Pretrainer(None, {"model": layer()}, {"model": url})) == 1.0


@pytest.mark.parametrize("path", ["acme/tiny/model.ckpt", "hf:acme/tiny@main/model.ckpt"])
def test_from_a_repository_as_its_users_write_it(folder, hub_server, path):
    hub_server.put("model.ckpt", (folder / "model.ckpt").read_bytes())
    assert loaded_from(Pretrainer(None, {"model": layer()}, {"model": path})) == 1.0


@pytest.mark.parametrize("confined", [False, True])
def test_a_repository_as_default_source_is_asked_for_both_kinds_of_weights(folder, hub_server, confined):
    hub_server.put("model.ckpt", (folder / "model.ckpt").read_bytes())
    assert loaded_from(Pretrainer(loadables={"model": layer()}), "acme/tiny", confined=confined) == 1.0
    offline = Pretrainer(loadables={"model": layer()})
    assert loaded_from(offline, "hf:acme/tiny", offline=True) == 1.0


def test_a_relative_path_of_a_stranger_begins_at_the_repository(folder, hub_server):
    hub_server.put("sub/lm.ckpt", (folder / "model.ckpt").read_bytes())
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": "sub/lm.ckpt"})
    assert loaded_from(pretrainer, "hf:acme/tiny", confined=True) == 1.0


def test_from_a_wheel(folder, wheelhouse):
    wheelhouse("tiny", "1.0", {"tiny/model/model.ckpt": (folder / "model.ckpt").read_bytes()})
    assert loaded_from(Pretrainer(loadables={"model": layer()}), "pypi:tiny==1.0/tiny/model") == 1.0


@pytest.mark.parametrize("path", ["speechbrain/asr/best.ckpt", "speechbrain/asr/other.ckpt"])
def test_a_path_into_the_hub_is_found_in_a_wheel_that_mirrors_it(folder, wheelhouse, path):
    # Beside the YAML file, under its own name or under that of the loadable.
    name = "best" if path.endswith("best.ckpt") else "model"
    wheelhouse("tiny", "1.0", {f"tiny/model/{name}.ckpt": (folder / "model.ckpt").read_bytes()})
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": path})
    assert loaded_from(pretrainer, "pypi:tiny==1.0/tiny/model", confined=True) == 1.0


@pytest.mark.parametrize("confined", [False, True])
@pytest.mark.parametrize("path", ["speechbrain/asr/best.ckpt", "hf:speechbrain/asr/deep/best.ckpt", "speechbrain/x/y"])
def test_a_path_into_the_hub_is_found_in_a_folder_that_was_copied_from_there(folder, path, confined, monkeypatch):
    monkeypatch.setenv("SONOVOX_OFFLINE", "1")
    torch.save(weights(4.0), folder / "best.ckpt")
    expected = 1.0 if path.endswith("y") else 4.0  # under the name of the loadable, as collect_in writes it
    assert loaded_from(Pretrainer(None, {"model": layer()}, {"model": path}), folder, confined=confined) == expected


def test_a_path_into_the_hub_that_the_folder_lacks_is_fetched(tmp_path, hub_server, folder):
    hub_server.put("lm.ckpt", (folder / "model.ckpt").read_bytes())
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": "acme/tiny/lm.ckpt"})
    (tmp_path / "other").mkdir()
    assert loaded_from(pretrainer, tmp_path / "other", confined=True) == 1.0


def test_copies_are_files_under_the_names_of_the_loadables(folder, tmp_path):
    torch.save(weights(5.0), folder / "embedding.pt")
    pretrainer = Pretrainer(tmp_path / "copies", {"model": layer()}, {"model": str(folder / "embedding.pt")})
    (copy,) = pretrainer.collect_files().values()
    assert copy == tmp_path / "copies" / "model.ckpt"
    assert not copy.is_symlink()
    again = Pretrainer(tmp_path / "copies", {"model": layer()})  # another process, that did not collect
    again.load_collected()
    assert again.loadables["model"].weight[0, 0] == 5.0
    assert loaded_from(Pretrainer(loadables={"model": layer()}), tmp_path / "copies") == 5.0


def test_a_copy_follows_its_original(folder, tmp_path):
    pretrainer = Pretrainer(tmp_path / "copies", {"model": layer()})
    assert loaded_from(pretrainer, folder) == 1.0
    torch.save(weights(6.0), folder / "model.ckpt")
    assert loaded_from(pretrainer, folder) == 6.0


def test_parameters_stay_the_same_objects(folder):
    module = layer()
    before = [id(parameter) for parameter in module.parameters()]
    loaded_from(Pretrainer(loadables={"model": module}), folder)
    assert [id(parameter) for parameter in module.parameters()] == before
    assert module.weight.requires_grad


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"other": torch.ones(1)}, "no name of the weights is one of Linear: it has weight, bias"),
        ({"weight": torch.ones(1, 2)}, "missing bias; unexpected nothing"),
        ({**weights(1.0), "more": torch.ones(1)}, "missing nothing; unexpected more"),
        ({"weight": torch.ones(2, 2), "bias": torch.ones(1)}, r"weight is \(2, 2\) in the weights, \(1, 2\) in"),
        ({"weight": torch.full((1, 2), torch.nan), "bias": torch.ones(1)}, "NaN or infinity in weight"),
        ({**weights(1.0), "bias": 3.0}, "bias are no tensors"),
    ],
)
def test_weights_must_fit(tmp_path, content, complaint):
    torch.save(content, tmp_path / "model.ckpt")
    module = layer(7.0)
    pretrainer = Pretrainer(loadables={"model": module})
    pretrainer.collect_files(tmp_path)
    with pytest.raises(WeightsError, match=f"model.ckpt.*{complaint}"):
        pretrainer.load_collected()
    assert module.weight[0, 0] == 7.0


def test_on_request_what_fits_is_taken(tmp_path):
    torch.save({"weight": torch.ones(1, 2), "more": torch.ones(1)}, tmp_path / "model.ckpt")
    pretrainer = Pretrainer(loadables={"model": layer()})
    pretrainer.collect_files(tmp_path)
    assert pretrainer.load_collected(partial=True) == {"model": (["bias"], ["more"])}
    assert pretrainer.loadables["model"].weight[0, 0] == 1.0


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_a_pickle_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save({**weights(1.0), "bomb": Bomb()}, tmp_path / "model.ckpt")
    pretrainer = Pretrainer(loadables={"model": layer()})
    pretrainer.collect_files(tmp_path)
    with pytest.raises(WeightsError, match="cannot be read without running code"):
        pretrainer.load_collected()
    assert not (tmp_path / "exploded").exists()


def test_label_encoders_and_sentencepiece_models_of_published_folders(speechbrain_reference):
    labels = Pretrainer(loadables={"label_encoder": CategoricalEncoder()})
    labels.collect_files(speechbrain_reference / "spkrec-ecapa" / "model")
    labels.load_collected()
    assert len(labels.loadables["label_encoder"]) > 0
    letters = Pretrainer(loadables={"tokenizer": CTCTextEncoder()})
    letters.collect_files(speechbrain_reference / "asr-wav2vec2-ctc" / "model")
    letters.load_collected()
    assert letters.loadables["tokenizer"].decode_ndim([9, 24]) == ["E", "T"]
    pieces = Pretrainer(loadables={"tokenizer": sentencepiece.SentencePieceProcessor()})
    pieces.collect_files(speechbrain_reference / "asr-crdnn-rnnlm" / "model")
    pieces.load_collected()
    assert pieces.loadables["tokenizer"].get_piece_size() == 60


def test_normalisation_statistics_of_published_folders(speechbrain_reference):
    folder = speechbrain_reference / "asr-crdnn-rnnlm" / "model"
    pretrainer = Pretrainer(loadables={"normalizer": InputNormalization(norm_type="global")})
    pretrainer.collect_files(folder)
    pretrainer.load_collected()
    stored = torch.load(folder / "normalizer.ckpt", weights_only=True)
    torch.testing.assert_close(pretrainer.loadables["normalizer"].glob_mean, stored["glob_mean"], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("loadable", "error"), [(CTCTextEncoder(), DataError), (sentencepiece.SentencePieceProcessor(), WeightsError)]
)
def test_a_damaged_tokenizer_is_told_with_its_file(tmp_path, loadable, error):
    (tmp_path / "tokenizer.ckpt").write_text("neither one nor the other")
    pretrainer = Pretrainer(loadables={"tokenizer": loadable})
    pretrainer.collect_files(tmp_path)
    with pytest.raises(error, match=r"tokenizer\.ckpt"):
        pretrainer.load_collected()


def test_hooks_load_what_nobody_else_can(folder):
    seen = []
    pretrainer = Pretrainer(loadables={"model": seen}, custom_hooks={"model": lambda thing, path: thing.append(path)})
    pretrainer.add_paths({"model": folder / "model.ckpt"})
    pretrainer.collect_files()
    pretrainer.load_collected()
    assert seen == [folder / "model.ckpt"]


@pytest.mark.parametrize("condition", [False, lambda: False])
def test_what_is_not_wanted_needs_no_file(folder, condition):
    pretrainer = Pretrainer(loadables={"model": layer(), "lm": layer()}, conditions={"lm": condition})
    assert not pretrainer.is_loadable("lm")
    assert pretrainer.is_loadable("model")
    assert list(pretrainer.collect_files(folder)) == ["model"]
    assert list(pretrainer.load_collected()) == ["model"]


def test_nothing_is_loaded_before_all_is_there(folder):
    pretrainer = Pretrainer(loadables={"model": layer(), "lm": layer()})
    with pytest.raises(NotInSourceError, match=r"lm: the folder .* holds no lm\.safetensors or lm\.ckpt"):
        pretrainer.collect_files(folder)
    with pytest.raises(ArgumentError, match="there is no file yet for model; call collect_files first"):
        pretrainer.load_collected()


@pytest.mark.parametrize("path", ["{outside}/secret.ckpt", "../secret.ckpt", "x/../../secret.ckpt"])
def test_a_stranger_cannot_point_outside_of_the_folder(folder, path):
    outside = folder.parent
    torch.save(weights(9.0), outside / "secret.ckpt")
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": path.format(outside=outside)})
    with pytest.raises((NotInSourceError, SourceError, OfflineError)):
        pretrainer.collect_files(folder, confined=True, offline=True)


def test_a_stranger_cannot_make_plain_http_requests(folder, web):
    url = web.put("/lm.ckpt", (folder / "model.ckpt").read_bytes())
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": url})
    with pytest.raises(SourceError, match="is not fetched: anybody on the way could change it"):
        pretrainer.collect_files(folder / "..", confined=True)
    assert web.requests == []


@pytest.mark.parametrize("name", ["../model", "a/model", "/model", "..", "", 3])
def test_a_name_that_leaves_the_folder_is_refused(name):
    with pytest.raises(ArgumentError, match="the name of a loadable must be one of a file, got"):
        Pretrainer(loadables={name: layer()})


def test_a_hook_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match=r"the hook of model must be a function \(loadable, path\), got 3"):
        Pretrainer(loadables={"model": layer()}, custom_hooks={"model": 3})


def test_a_name_too_long_for_the_system_is_not_there(folder):
    pretrainer = Pretrainer(None, {"model": layer()}, {"model": 5000 * "x"})
    with pytest.raises(NotInSourceError, match="holds no xxx"):
        pretrainer.collect_files(folder, confined=True)


def test_a_path_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="the path of model must be a text, got 3"):
        Pretrainer(loadables={"model": layer()}, paths={"model": 3})


@pytest.mark.parametrize(
    ("pretrainer", "complaint"),
    [
        (Pretrainer(loadables={"model": layer()}), "model: it has no path, and there is no default_source"),
        (Pretrainer(None, {"model": layer()}, {"modle": "a"}), "no loadable 'modle' among model; did you mean model"),
        (Pretrainer(None, {"model": layer()}, {"model": "no.ckpt"}), r"model: there is no file no\.ckpt"),
    ],
)
def test_what_cannot_be_collected_is_told(pretrainer, complaint):
    with pytest.raises((ArgumentError, NotInSourceError), match=complaint):
        pretrainer.collect_files()


def test_what_cannot_be_loaded_is_told(folder):
    pretrainer = Pretrainer(loadables={"model": 3}, paths={"model": folder / "model.ckpt"})
    pretrainer.collect_files()
    with pytest.raises(ArgumentError, match="model is a int, which cannot be loaded"):
        pretrainer.load_collected()
