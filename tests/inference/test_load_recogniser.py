"""Which recogniser a source means."""

import shutil
from pathlib import Path

import pytest
import torch

from small_encoder import VOCABULARY, write_folder
from sonovox._internal.errors import ArgumentError, ChoiceError, HubError, WeightsError
from sonovox.inference.asr import WhisperASR
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.encoder_folders import inside_run
from sonovox.inference.load_recogniser import load_recogniser
from talking_whisper import said, talking_whisper
from talking_whisper import write_folder as write_whisper


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SONOVOX_OFFLINE", "1")


@pytest.fixture
def copied(ctc_folder, tmp_path):
    return Path(shutil.copytree(ctc_folder, tmp_path / "copy"))


def edited(folder, old, new):
    file = folder / "hyperparams.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return folder


def test_a_model_folder_goes_to_the_interface_that_it_names(ctc_folder):
    found = load_recogniser(ctc_folder, device="cpu")
    assert type(found) is EncoderASR
    assert found.device == torch.device("cpu")


def test_a_folder_that_names_none_goes_to_the_one_for_its_modules(copied):
    assert type(load_recogniser(str(edited(copied, "interface: EncoderASR\n", "")), device="cpu")) is EncoderASR


def test_a_run_with_a_model_in_it_is_a_model(ctc_folder, tmp_path):
    shutil.copytree(ctc_folder, tmp_path / "run" / "model")
    assert type(load_recogniser(tmp_path / "run", device="cpu")) is EncoderASR


def test_other_folders_are_whisper_models(talking_model):
    assert type(load_recogniser(talking_model, device="cpu")) is WhisperASR


def test_a_model_for_another_task_is_told(copied):
    edited(copied, "interface: EncoderASR", "interface: SpeakerRecognition")
    expected = (
        "copy for transcription must be one of EncoderASR, EncoderDecoderASR, StreamingASR, got 'SpeakerRecognition'"
    )
    with pytest.raises(ChoiceError, match=expected):
        load_recogniser(copied, device="cpu")
    edited(copied, "interface: SpeakerRecognition\nmodules:\n  encoder:", "modules:\n  separator:")
    with pytest.raises(ArgumentError, match="no model that sonovox can transcribe with: it has the modules separator"):
        load_recogniser(copied, device="cpu")


def test_precision_is_that_of_the_folder(ctc_folder):
    load_recogniser(ctc_folder, device="cpu", precision="fp32")
    with pytest.raises(ArgumentError, match="works in fp32, got precision 'fp16'; leave precision out"):
        load_recogniser(ctc_folder, device="cpu", precision="fp16")


@pytest.mark.parametrize("source", ["tiny.eng", "acme/nothing", "https://127.0.0.1:9/model.pt", "no/such/folder"])
def test_what_cannot_be_had_is_told_as_for_whisper_models(source):
    with pytest.raises(HubError) as told:
        load_recogniser(source, device="cpu")
    with pytest.raises(HubError) as expected:
        WhisperASR.from_pretrained(source, device="cpu")
    assert str(told.value) == str(expected.value)


def test_a_repository_with_hyperparameters_is_a_model_folder(ctc_folder, monkeypatch):
    def fetch(source, **_):
        assert source.startswith("hf:acme/letters/")
        path = ctc_folder / source.rpartition("/")[2]
        if not path.exists():
            raise HubError("there is no such file")
        return path

    for user in ("interface", "encoder_folders"):
        monkeypatch.setattr(f"sonovox.inference.{user}.fetch", fetch)
    monkeypatch.setattr("sonovox.hub.pretrainer.fetch", lambda source, offline=False, **_: fetch(source))
    assert type(load_recogniser("acme/letters", device="cpu")) is EncoderASR


def test_a_hugging_face_folder_with_a_ctc_head_goes_to_the_encoder(tmp_path):
    folder = write_folder(tmp_path / "model", aux_num_out=6)
    found = load_recogniser(folder, device="cpu")
    assert type(found) is EncoderASR
    assert found.sample_rate == 16000
    (text,), (tokens,) = found.transcribe_batch([torch.randn(8000)])
    assert text == VOCABULARY.decode_ids(tokens)


def test_an_encoder_that_was_not_taught_to_write_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="no CTC head"):
        load_recogniser(write_folder(tmp_path / "model"), device="cpu")


def test_a_damaged_configuration_is_no_encoder(tmp_path):
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(WeightsError, match=r"config\.json"):
        load_recogniser(tmp_path, device="cpu")


def test_the_folder_of_a_fine_tuning_leads_to_its_model(tmp_path):
    write_folder(tmp_path / "run" / "model", aux_num_out=6)
    assert isinstance(load_recogniser(tmp_path / "run", device="cpu"), EncoderASR)


def test_a_whisper_opens_from_the_folder_of_the_run_that_trained_it(tmp_path):
    folder = write_whisper(tmp_path / "run" / "model", talking_whisper(said("two", 1.0)))
    assert inside_run(tmp_path / "run") == folder
    assert inside_run("tiny.en") == "tiny.en"
    assert isinstance(load_recogniser(tmp_path / "run", device="cpu"), WhisperASR)
