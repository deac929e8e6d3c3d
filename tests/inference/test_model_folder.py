"""Model folders: what is written of a training, and that nothing else is touched."""

import json
import os
import shutil
from types import SimpleNamespace

import pytest
import torch

import small_ctc_model
from small_ctc_model import TRAIN_YAML, trained, write_model
from small_encoder import write_folder as write_encoder_folder
from sonovox._internal import folders
from sonovox._internal.errors import ArgumentError, ChoiceError, HParamsError, WeightsError, WriteError
from sonovox.hparams import load_hparams
from sonovox.inference import EncoderASR, EncoderClassifier
from sonovox.inference.model_folder import INTERFACES, save_pretrained
from sonovox.text.sentencepiece_processor import SentencePieceProcessor


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_only_what_inference_needs_is_kept(ctc_folder):
    assert names(ctc_folder) == ["README.md", "encoder.safetensors", "hyperparams.yaml", "tokenizer.txt"]
    values = load_hparams(ctc_folder / "hyperparams.yaml")
    assert list(values) == [
        "sample_rate", "n_mels", "features", "normalize", "crdnn", "output", "encoder", "tokenizer",
        "decoding_function", "interface", "modules", "pretrainer",
    ]  # fmt: skip
    assert values["interface"] == "EncoderASR"
    assert values["modules"] == {"encoder": values["encoder"]}


def test_weights_and_labels_read_back_as_they_were(ctc_folder, ctc_values):
    model = EncoderASR.from_hparams(ctc_folder)
    saved = ctc_values["encoder"].state_dict()
    assert model.mods.encoder.state_dict().keys() == saved.keys()
    for name, tensor in model.mods.encoder.state_dict().items():
        torch.testing.assert_close(tensor, saved[name], rtol=0, atol=0)
    assert model.tokenizer.lab2ind == ctc_values["tokenizer"].lab2ind
    assert model.tokenizer.blank_label == "<blank>"


def test_a_sentencepiece_model_is_kept(speechbrain_reference, tmp_path):
    yaml = TRAIN_YAML.replace("sonovox.data.CTCTextEncoder", "sentencepiece.SentencePieceProcessor")
    tokenizer = SentencePieceProcessor()
    tokenizer.load(str(speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "tokenizer.ckpt"))
    loadables = {"encoder": trained()["encoder"], "tokenizer": tokenizer}
    save_pretrained(tmp_path / "m", yaml, interface="EncoderASR", keys=small_ctc_model.KEYS, loadables=loadables)
    assert "tokenizer.model" in names(tmp_path / "m")
    read = EncoderASR.from_hparams(tmp_path / "m").tokenizer
    assert read.encode_as_ids("THE FOX") == tokenizer.encode_as_ids("THE FOX")


def test_the_card_says_what_how_and_how_good(tmp_path, ctc_values):
    write_model(tmp_path / "m", ctc_values, title="Letters", description="Of noise.", results={"WER, test": "3.1 %"})
    card = (tmp_path / "m" / "README.md").read_text()
    assert card.startswith("# Letters\n\nOf noise.\n\nA model for `EncoderASR` of sonovox ")
    assert ": 1,901 parameters, 8000 Hz.\n" in card
    assert "sonovox transcribe --model m recording.wav\n" in card
    assert card.endswith("| measure | value |\n|---|---|\n| WER, test | 3.1 % |\n")


def test_overrides_of_the_training_are_in_the_folder(tmp_path):
    with torch.random.fork_rng():
        encoder = load_hparams(TRAIN_YAML, {"output_folder": "out", "n_mels": 24}, code=["torch"])["encoder"]
    encoder.train()(0.1 * torch.randn(2, 8000))
    loadables = {"encoder": encoder, "tokenizer": trained()["tokenizer"]}
    options = {"interface": "EncoderASR", "keys": small_ctc_model.KEYS, "loadables": loadables}
    save_pretrained(tmp_path / "m", TRAIN_YAML, overrides={"n_mels": 24}, **options)
    assert EncoderASR.from_hparams(tmp_path / "m").hparams.n_mels == 24
    with pytest.raises(WeightsError, match="builds another encoder than the one to be saved"):
        save_pretrained(tmp_path / "n", TRAIN_YAML, **options)
    assert not (tmp_path / "n").exists()


def test_an_older_model_is_replaced_and_nothing_else(tmp_path, ctc_values):
    folder = write_model(tmp_path / "m", ctc_values)
    (folder / "old.safetensors").write_bytes(b"")
    write_model(folder, trained(seed=1))
    assert names(folder) == ["README.md", "encoder.safetensors", "hyperparams.yaml", "tokenizer.txt"]
    assert names(tmp_path) == ["m"]
    for made in ("run", "empty"):
        (tmp_path / made).mkdir()
    (tmp_path / "run" / "train_log.csv").write_text("epoch,loss\n")
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match=r"run is there and holds train_log\.csv; give a folder of its own"):
        write_model(tmp_path / "run", ctc_values)
    with pytest.raises(ArgumentError, match="file is a file"):
        write_model(tmp_path / "file", ctc_values)
    write_model(tmp_path / "empty", ctc_values)
    assert names(tmp_path / "run") == ["train_log.csv"]


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "rename"])
def test_whatever_fails_the_older_model_stands(tmp_path, ctc_values, monkeypatch, failing):
    folder = write_model(tmp_path / "m", ctc_values)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = trained(seed=1)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "os", SimpleNamespace(**{**vars(os), failing: fail}))
    with pytest.raises(WriteError, match="No space left on device"):
        write_model(folder, other)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert names(tmp_path) == ["m"]


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        (
            {"interface": "EncoderAsr"},
            ChoiceError,
            "interface must be one of EncoderASR, .* got 'EncoderAsr'; did you mean EncoderASR",
        ),
        ({"keys": ["encoder"]}, ArgumentError, "keys must have decoding_function, which EncoderASR needs"),
        ({"keys": [*small_ctc_model.KEYS, "encoders"]}, ArgumentError, "no key 'encoders' .*; did you mean encoder"),
        ({"keys": [*small_ctc_model.KEYS, "interface"]}, ArgumentError, "keys must not have interface"),
        ({"loadables": {"encoder": 3}}, ArgumentError, "encoder is a int, which cannot be saved"),
        ({"keys": [*small_ctc_model.KEYS, "__seed"]}, HParamsError, "torch.manual_seed is not in the table of names"),
    ],
)
def test_what_would_be_no_model_is_refused_before_anything_is_written(tmp_path, ctc_values, changes, error, complaint):
    with pytest.raises(error, match=complaint):
        write_model(tmp_path / "m", ctc_values, **changes)
    assert names(tmp_path) == []


def test_the_modules_of_the_training_are_kept_where_they_are_asked_for(tmp_path, ctc_values):
    yaml = TRAIN_YAML + "modules: {encoder: !ref <encoder>, output: !ref <output>}\n"
    loadables = {"encoder": ctc_values["encoder"], "tokenizer": ctc_values["tokenizer"]}
    keys = (*small_ctc_model.KEYS, "modules")
    save_pretrained(tmp_path / "m", yaml, interface="EncoderASR", keys=keys, loadables=loadables)
    assert list(EncoderASR.from_hparams(tmp_path / "m").mods) == ["encoder", "output"]


def test_the_yaml_file_is_plain_text_without_machine_or_time(ctc_folder):
    text = (ctc_folder / "hyperparams.yaml").read_text()
    assert "output_folder" not in text
    assert json.dumps(text).isascii()


def test_a_classifier_is_written_with_its_labels_and_a_card_of_its_own(tmp_path):
    yaml = """
compute_features: !new:sonovox.nn.Fbank {n_mels: 20}
mean_var_norm: !new:sonovox.nn.InputNormalization {norm_type: sentence, std_norm: false}
embedding_model: !new:sonovox.models.Xvector
    in_channels: 20
    tdnn_blocks: 2
    tdnn_channels: [8, 8]
    tdnn_kernel_sizes: [3, 1]
    tdnn_dilations: [1, 1]
    lin_neurons: 8
classifier: !new:sonovox.models.xvector.Classifier {input_shape: [null, null, 8], out_neurons: 2, lin_neurons: 8}
label_encoder: !new:sonovox.data.CategoricalEncoder
"""
    values = load_hparams(yaml)
    values["label_encoder"].update_from_iterable(["no", "yes"])
    keys = ["compute_features", "mean_var_norm", "embedding_model", "classifier", "label_encoder"]
    loadables = {name: values[name] for name in keys[2:]}
    save_pretrained(tmp_path / "m", yaml, interface="EncoderClassifier", keys=keys, loadables=loadables)
    model = EncoderClassifier.from_hparams(tmp_path / "m")
    wavs = torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    expected = EncoderClassifier({name: values[name] for name in keys[:4]}, values).classify_batch(wavs)
    # Statistics pooling may add noise of 1e-5, as in SpeechBrain.
    torch.testing.assert_close(model.classify_batch(wavs)[0], expected[0], atol=1e-3, rtol=0)
    card = (tmp_path / "m" / "README.md").read_text()
    assert "model.classify_file" in card
    assert "sonovox transcribe" not in card


def test_every_interface_can_be_named():
    assert all(name == interface.__name__ for name, interface in INTERFACES.items())


def test_a_fine_tuned_pretrained_encoder_is_saved_with_its_weights(tmp_path):
    write_encoder_folder(tmp_path / "encoder")
    yaml = f"""
wav2vec2: !new:sonovox.integrations.huggingface.Wav2Vec2
    source: {tmp_path / "encoder"}
output: !new:sonovox.nn.Linear {{input_size: 16, n_neurons: 9}}
encoder: !new:sonovox.nn.LengthsCapableSequential
    wav2vec2: !ref <wav2vec2>
    output: !ref <output>
    log_softmax: !new:sonovox.nn.Softmax {{apply_log: True}}
tokenizer: !new:sonovox.data.CTCTextEncoder
decoding_function: !name:sonovox.decoding.ctc_greedy_decode {{blank_id: 0}}
"""
    values = load_hparams(yaml, code=[torch])
    values["wav2vec2"].model.encoder.feature_projection.projection.weight.data += 0.5
    values["tokenizer"].add_blank()
    values["tokenizer"].update_from_iterable("abcdefgh")
    for _ in range(2):  # the second replaces the first
        folder = save_pretrained(
            tmp_path / "saved",
            yaml,
            interface="EncoderASR",
            keys=["encoder", "tokenizer", "decoding_function"],
            loadables={name: values[name] for name in ("wav2vec2", "output", "tokenizer")},
        )
    shutil.rmtree(tmp_path / "encoder")  # as on another machine; the folder has a copy
    wav = torch.randn(1, 8000)
    found = EncoderASR.from_hparams(folder).encode_batch(wav)
    torch.testing.assert_close(found, values["encoder"].eval()(wav).detach())
