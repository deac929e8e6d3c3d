import json

import pytest
import torch

from hub.conftest import _own_machine, hub_server, web  # noqa: F401
from small_encoder import KINDS, VOCABULARY, config, encoder, speech, write_folder
from sonovox._internal.errors import ArgumentError, HubError, WeightsError
from sonovox.hub import load_weights, save_weights
from sonovox.models.wav2vec2 import from_huggingface, load_wav2vec2, save_wav2vec2
from sonovox.models.wav2vec2.pretrained import check_layers, fetch_wav2vec2, find_weights, read_description


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_is_read_as_it_was_written(tmp_path, kind):
    write_folder(tmp_path / "model", kind, aux_num_out=6, do_normalize=False)
    loaded = load_wav2vec2(tmp_path / "model")
    assert loaded.config == config(kind, aux_num_out=6)
    assert loaded.vocabulary == VOCABULARY
    assert not loaded.preprocessor.do_normalize
    assert not loaded.model.training
    torch.testing.assert_close(loaded.model(*speech())[0], encoder(kind, aux_num_out=6)(*speech())[0])


def test_a_head_is_left_out_on_request(tmp_path):
    write_folder(tmp_path / "model", aux_num_out=6)
    loaded = load_wav2vec2(tmp_path / "model", head=False, dtype=torch.bfloat16)
    assert loaded.model.aux is None
    assert loaded.vocabulary is None
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}


def test_pickled_and_divided_weights_load(tmp_path):
    folder = write_folder(tmp_path / "model")
    whole = folder / "model.safetensors"
    weights = load_weights(whole)
    expected = load_wav2vec2(folder).model.state_dict()
    whole.unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    torch.testing.assert_close(load_wav2vec2(folder).model.state_dict(), expected)
    (folder / "pytorch_model.bin").unlink()
    places = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(weights)}
    for file in set(places.values()):
        save_weights(folder / file, {name: weights[name] for name in weights if places[name] == file})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    torch.testing.assert_close(load_wav2vec2(folder).model.state_dict(), expected)


def test_an_embedding_of_masks_is_drawn_where_the_weights_have_none_and_left_where_no_mask_is(tmp_path):
    folder = write_folder(tmp_path / "model", mask_time_prob=0.05)
    assert load_wav2vec2(folder).model.masking is not None
    weights = load_weights(folder / "model.safetensors")
    save_weights(folder / "model.safetensors", {n: t for n, t in weights.items() if n != "masked_spec_embed"})
    assert load_wav2vec2(folder).model.masking.embedding.isfinite().all()
    description = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**description, "mask_time_prob": 0.0}))
    save_weights(folder / "model.safetensors", weights)
    assert load_wav2vec2(folder).model.masking is None


def test_a_configuration_with_other_layers_than_the_weights_builds_nothing(tmp_path):
    folder = write_folder(tmp_path / "model")
    description = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**description, "num_hidden_layers": 10**9}))
    with pytest.raises(WeightsError, match="asks for 1000000000 layers, its weights have 2"):
        load_wav2vec2(folder)


@pytest.mark.parametrize(("name", "said"), [("config.json", "no config.json"), ("model.safetensors", "no weights")])
def test_missing_files_are_told(tmp_path, name, said):
    folder = write_folder(tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=said):
        load_wav2vec2(folder)


def test_a_damaged_configuration_is_told(tmp_path):
    folder = write_folder(tmp_path / "model")
    for content, said in (("{", "cannot be read"), ("[]", "must hold a mapping")):
        (folder / "config.json").write_text(content)
        with pytest.raises(WeightsError, match=said):
            load_wav2vec2(folder)


def test_a_repository_that_is_not_there_is_an_error_of_the_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path))
    with pytest.raises(HubError):
        load_wav2vec2("facebook/wav2vec2-base", offline=True)


@pytest.mark.parametrize("extra", [(), ("pytorch_model.bin", "README.md", "special_tokens_map.json")])
def test_a_repository_has_some_of_the_files_that_there_may_be(tmp_path, hub_server, extra):  # noqa: F811
    folder = write_folder(tmp_path / "model", aux_num_out=6)
    for file in folder.iterdir():
        hub_server.put(file.name, file.read_bytes())
    for name in extra:
        hub_server.put(name, b"{}")
    loaded = load_wav2vec2("acme/tiny")
    assert loaded.vocabulary == VOCABULARY
    assert load_wav2vec2(fetch_wav2vec2("acme/tiny", offline=True)).config == loaded.config
    fetched = {file.name for file in (tmp_path / "cache").rglob("*.*")}
    assert "special_tokens_map.json" not in set(extra) - fetched
    assert not fetched & {"pytorch_model.bin", "README.md"}, (
        "neither a second copy of the weights nor what nobody reads"
    )


def test_what_does_not_belong_together_is_not_written(tmp_path):
    with pytest.raises(ArgumentError, match="needs its vocabulary"):
        save_wav2vec2(tmp_path / "a", encoder(aux_num_out=6), config())
    with pytest.raises(ArgumentError, match="6 labels, and the head 9 outputs"):
        save_wav2vec2(tmp_path / "a", encoder(aux_num_out=9), config(), None, VOCABULARY)
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(ArgumentError, match="something else"):
        save_wav2vec2(tmp_path, encoder(), config())


# WavLM of transformers 5 on torch 2.13.
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning")
@pytest.mark.peers
@pytest.mark.parametrize("kind", KINDS)
def test_transformers_reads_what_is_written(tmp_path, kind):
    from transformers import AutoModelForCTC, AutoProcessor

    folder = write_folder(tmp_path / "model", kind, aux_num_out=6)
    theirs, (waves, lengths) = AutoModelForCTC.from_pretrained(folder).eval(), speech()
    mask = torch.arange(waves.shape[1]) < lengths[:, None]
    with torch.no_grad():
        expected = theirs(waves, attention_mask=mask.long()).logits
        found, _ = load_wav2vec2(folder).model(waves, lengths)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * expected.abs().max().item())
    processor = AutoProcessor.from_pretrained(folder)
    assert processor.tokenizer.decode([3, 3, 0, 2, 4]) == VOCABULARY.text([3, 3, 0, 2, 4]) == "A B"


def test_a_folder_is_read_and_written_in_parts(tmp_path):
    folder = write_folder(tmp_path / "model")
    assert read_description(folder)["model_type"] == "wav2vec2"
    assert find_weights(folder).name == "model.safetensors"
    weights = load_weights(find_weights(folder))
    check_layers(config(), from_huggingface(weights), folder)
    with pytest.raises(WeightsError, match="asks for 3 layers, its weights have 2"):
        check_layers(config(encoder_num_layers=3), from_huggingface(weights), folder)


def many_languages(folder):
    """A model as those of MMS: labels and adapters for English in it, and files of those for French."""
    write_folder(folder, "large", aux_num_out=6, adapter_bottleneck=4)
    english = {label: index for index, label in enumerate(VOCABULARY.labels)}
    french = {"<pad>": 0, "|": 1, "é": 2, "è": 3}
    (folder / "vocab.json").write_text(json.dumps({"eng": english, "fra": french}))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "target_lang": "eng"}))
    weights = load_weights(folder / "model.safetensors")
    adapters = {name: tensor + 0.5 for name, tensor in weights.items() if "adapter_layer" in name}
    heads = {name: tensor[:4] - 0.1 for name, tensor in weights.items() if name.startswith("lm_head.")}
    save_weights(folder / "adapter.fra.safetensors", {**adapters, **heads})
    return folder


def test_a_language_of_many_brings_its_labels_its_head_and_its_adapters(tmp_path, hub_server):  # noqa: F811
    folder = many_languages(tmp_path / "model")
    english, french = load_wav2vec2(folder), load_wav2vec2(folder, language="fra")
    assert english.vocabulary.labels == VOCABULARY.labels
    assert french.vocabulary.labels == ("<pad>", "|", "é", "è")
    assert french.config.aux_num_out == 4
    adapter = "encoder.transformer.layers.1.adapter_layer.linear_1.bias"
    torch.testing.assert_close(french.model.get_parameter(adapter), english.model.get_parameter(adapter) + 0.5)
    for file in folder.iterdir():
        hub_server.put(file.name, file.read_bytes())
    assert load_wav2vec2("acme/tiny").vocabulary == english.vocabulary
    assert not list((tmp_path / "cache").rglob("adapter.*")), "one file for each of a thousand languages"
    assert load_wav2vec2("acme/tiny", language="fra").vocabulary == french.vocabulary


def test_a_language_that_is_not_there_is_told(tmp_path):
    folder = many_languages(tmp_path / "model")
    with pytest.raises(WeightsError, match="no adapter for 'deu'; it has fra"):
        load_wav2vec2(folder, language="deu")
    with pytest.raises(ArgumentError, match="a code such as fra"):
        load_wav2vec2(folder, language="../x")
    with pytest.raises(WeightsError, match="without adapters for languages"):
        load_wav2vec2(write_folder(tmp_path / "other", aux_num_out=6), language="fra")


def test_the_weights_say_whether_there_is_a_head(tmp_path):
    folder = write_folder(tmp_path / "model", aux_num_out=6)
    description = json.loads((folder / "config.json").read_text())
    for architectures in (None, ["Wav2Vec2Model"]):
        (folder / "config.json").write_text(json.dumps({**description, "architectures": architectures}))
        assert load_wav2vec2(folder).vocabulary == VOCABULARY


def test_what_stands_beside_the_encoder_is_left_out(tmp_path):
    folder = write_folder(tmp_path / "model", aux_num_out=6)
    weights = load_weights(folder / "model.safetensors")
    heads = {f"{name}.weight": torch.zeros(1) for name in ("objective", "feature_extractor", "tdnn.0.kernel", "dense")}
    save_weights(folder / "model.safetensors", {**weights, **heads})
    torch.testing.assert_close(load_wav2vec2(folder).model.state_dict(), encoder(aux_num_out=6).state_dict())
