"""Hugging Face folders with a CTC head as recognisers: one way in, from the class and from the command."""

import json
import shutil

import pytest
import torch

from models.wav2vec2.test_pretrained import many_languages
from small_encoder import VOCABULARY, write_folder
from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.decoding import CTCBeamSearcher
from sonovox.inference import EncoderASR, load_recogniser
from sonovox.inference.encoder_folders import encoder_folder, has_hyperparams, read_encoder_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "model", aux_num_out=6)


def noise(samples=8000):
    return torch.randn(samples, generator=torch.Generator().manual_seed(0))


def test_the_class_opens_what_the_command_opens(folder, tmp_path):
    (tmp_path / "run").mkdir()
    shutil.copytree(folder, tmp_path / "run" / "model")
    command = load_recogniser(folder, device="cpu").transcribe_batch([noise()])
    for source in (folder, str(folder), tmp_path / "run"):
        assert EncoderASR.from_hparams(source).transcribe_batch([noise()]) == command


def test_run_opts_and_freezing_are_those_of_every_interface(folder):
    model = EncoderASR.from_hparams(folder, freeze_params=False, run_opts={"device": "cpu"})
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_copies_are_such_a_folder(folder, tmp_path):
    expected = EncoderASR.from_hparams(folder, savedir=tmp_path / "copy").transcribe_batch([noise()])
    assert {file.name for file in (tmp_path / "copy").iterdir()} == {file.name for file in folder.iterdir()}
    assert EncoderASR.from_hparams(tmp_path / "copy").transcribe_batch([noise()]) == expected


def test_there_is_nothing_to_override(folder):
    with pytest.raises(ArgumentError, match="without a YAML file for overrides; leave them out"):
        EncoderASR.from_hparams(folder, overrides={"sample_rate": 8000})


def test_a_search_takes_the_labels_of_the_folder(folder):
    model = EncoderASR.from_hparams(folder)
    model.set_decoding_function(CTCBeamSearcher)
    assert model.decoding_function.texts == ["", "", " ", "A", "B", "C"]
    (text,), (tokens,) = model.transcribe_batch([noise()])
    assert text == VOCABULARY.decode_ids(tokens)


def test_what_a_source_leads_to(folder, ctc_folder, tmp_path):
    assert encoder_folder(folder) == folder
    assert not has_hyperparams(folder)
    assert has_hyperparams(ctc_folder)
    assert encoder_folder(ctc_folder) is None
    assert encoder_folder(tmp_path / "nothing") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    assert encoder_folder(tmp_path / "other") is None


def test_a_folder_without_labels_says_so(folder):
    assert read_encoder_folder(folder)["sample_rate"] == 16000
    (folder / "vocab.json").unlink()
    with pytest.raises(WeightsError, match=r"no file .*vocab\.json"):
        read_encoder_folder(folder)


def test_a_language_of_many_is_chosen(tmp_path):
    folder = many_languages(tmp_path / "mms")
    french = EncoderASR.from_hparams(folder, overrides={"language": "fra"})
    assert french.tokenizer.labels == ("<pad>", "|", "é", "è")
    assert load_recogniser(folder, device="cpu", language="fra").tokenizer == french.tokenizer
