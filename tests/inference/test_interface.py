"""Model folders as working systems: what is read, what is refused."""

import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, HParamsError, NotInSourceError, WeightsError
from sonovox.data import CTCTextEncoder
from sonovox.hparams import subset
from sonovox.inference import EncoderASR, Pretrained
from sonovox.inference.interface import fetched_audio, read_model_folder


@pytest.fixture
def copied(ctc_folder, tmp_path):
    """A copy of the model folder, to be changed."""
    return Path(shutil.copytree(ctc_folder, tmp_path / "copy"))


def edited(folder, old, new):
    file = folder / "hyperparams.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_modules_hparams_and_tokenizer_are_at_hand(ctc_folder):
    model = Pretrained.from_hparams(ctc_folder)
    assert list(model.mods) == ["encoder"]
    assert model.mods.encoder.features is model.mods["encoder"]["features"]
    assert (model.hparams.sample_rate, model.sample_rate, model.hparams.n_mels) == (8000, 8000, 20)
    assert isinstance(model.tokenizer, CTCTextEncoder)
    assert model.device == torch.device("cpu")


def test_an_encoder_of_a_published_folder_says_what_speechbrain_said(speechbrain_reference, tmp_path):
    case = speechbrain_reference / "asr-crdnn-rnnlm"
    loadables = ["normalizer", "asr_model", "tokenizer"]
    text = subset(case / "model" / "hyperparams.yaml", ["encoder", *loadables])
    references = ", ".join(f"{name.removesuffix('_model')}: !ref <{name}>" for name in loadables)
    text += f"""
modules: {{encoder: !ref <encoder>}}
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables: {{{references}}}
"""
    shutil.copytree(case / "model", tmp_path / "model", ignore=shutil.ignore_patterns("lm.ckpt", "*.yaml"))
    (tmp_path / "model" / "hyperparams.yaml").write_text(text)
    model = Pretrained.from_hparams(tmp_path / "model")
    with np.load(case / "inputs.npz") as inputs, np.load(case / "outputs.npz") as outputs:
        found = model.mods.encoder(torch.tensor(inputs["wavs"]), torch.tensor(inputs["wav_lens"]))
        expected = torch.tensor(outputs["encoder_out"])
    # The tolerance that the case states.
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * expected.abs().max().item())


def test_parameters_are_frozen_until_asked(ctc_folder):
    frozen = Pretrained.from_hparams(ctc_folder)
    assert not frozen.mods.encoder.training
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    frozen.requires_grad_()
    assert all(parameter.requires_grad for parameter in frozen.parameters())
    free = Pretrained.from_hparams(ctc_folder, freeze_params=False)
    assert all(parameter.requires_grad for parameter in free.parameters())


def test_overrides_change_the_yaml_file(copied):
    edited(copied, "n_mels: 20\n", "n_mels: 21\n")
    assert Pretrained.from_hparams(copied, overrides={"n_mels": 20}).hparams.n_mels == 20
    with pytest.raises(HParamsError, match="n_mel"):
        Pretrained.from_hparams(copied, overrides={"n_mel": 20})
    assert Pretrained.from_hparams(copied, overrides={"n_mel": 3, "n_mels": 20}, overrides_must_match=False)


def test_weights_of_another_size_are_refused(copied):
    with pytest.raises(WeightsError, match=r"encoder\.safetensors: shapes do not fit LengthsCapableSequential"):
        Pretrained.from_hparams(copied, overrides={"n_mels": 21})


def test_a_savedir_is_a_model_folder_by_itself(ctc_folder, tmp_path):
    Pretrained.from_hparams(ctc_folder, savedir=tmp_path / "saved")
    assert names(tmp_path / "saved") == ["encoder.safetensors", "hyperparams.yaml", "tokenizer.txt"]
    assert not any(path.is_symlink() for path in (tmp_path / "saved").iterdir())
    assert len(Pretrained.from_hparams(tmp_path / "saved", savedir=tmp_path / "saved").tokenizer) == 9


def test_a_folder_of_a_run_may_have_its_model_below(ctc_folder, tmp_path):
    shutil.copytree(ctc_folder, tmp_path / "run" / "model")
    assert Pretrained.from_hparams(tmp_path / "run").sample_rate == 8000


def test_the_values_alone_can_be_read(ctc_folder):
    values = read_model_folder(ctc_folder)
    assert values["modules"]["encoder"] is values["encoder"]
    assert len(values["tokenizer"]) == 9


def test_another_file_name(copied):
    (copied / "hyperparams.yaml").rename(copied / "develop.yaml")
    assert Pretrained.from_hparams(copied, hparams_file="develop.yaml").sample_rate == 8000
    with pytest.raises(NotInSourceError, match=r"holds no hyperparams\.yaml; it has develop\.yaml; hparams_file="):
        Pretrained.from_hparams(copied)
    with pytest.raises(ArgumentError, match="hparams_file must be a name inside the folder"):
        Pretrained.from_hparams(copied, "../copy/develop.yaml")


def test_paths_into_the_hub_are_those_of_the_copied_folder(copied):
    (copied / "encoder.safetensors").rename(copied / "best.safetensors")
    edited(copied, "  loadables:\n", "  paths: {encoder: speechbrain/letters/best.safetensors}\n  loadables:\n")
    assert Pretrained.from_hparams(copied).sample_rate == 8000


def test_a_stranger_cannot_choose_where_copies_are_written(copied, tmp_path):
    edited(copied, "  loadables:\n", f"  collect_in: {tmp_path / 'theirs'}\n  loadables:\n")
    Pretrained.from_hparams(copied)
    assert not (tmp_path / "theirs").exists()


def test_a_stranger_cannot_read_outside_of_the_folder(copied, tmp_path):
    secret = (copied / "encoder.safetensors").rename(tmp_path / "secret.safetensors")
    edited(copied, "  loadables:\n", f"  paths: {{encoder: {secret}}}\n  loadables:\n")
    with pytest.raises(NotInSourceError, match=r"holds no secret\.safetensors"):
        Pretrained.from_hparams(copied)


def test_code_beside_the_yaml_file_is_not_run(copied, tmp_path):
    (copied / "custom.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Encoder: pass\n")
    assert Pretrained.from_hparams(copied).sample_rate == 8000  # nothing asks for it
    edited(copied, "encoder: !new:sonovox.nn.LengthsCapableSequential", "encoder: !new:custom.Encoder")
    with pytest.raises(HParamsError, match=r"custom\.Encoder is not in the table .*; custom\.py in this folder is "):
        Pretrained.from_hparams(copied)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("modules:\n  encoder: !ref '<encoder>'", "modules: 3", "modules: a model folder needs modules"),
        ("  encoder: !ref '<encoder>'\npre", "  encoder: 5\npre", "modules: a model folder needs modules"),
        ("!new:sonovox.hub.Pretrainer", "", "pretrainer: expected a Pretrainer"),
        ("  loadables:", "  custom_hooks: {encoder: !new:torch.nn.ReLU }\n  loadables:", "pretrainer: hooks and"),
        ("  loadables:", "  conditions: {encoder: !name:torch.nn.ReLU }\n  loadables:", "pretrainer: hooks and"),
    ],
)
def test_a_yaml_file_that_is_no_model_is_told(copied, old, new, complaint):
    with pytest.raises(HParamsError, match=rf"hyperparams\.yaml: {complaint}"):
        Pretrained.from_hparams(edited(copied, old, new))


@pytest.mark.parametrize("sample_rate", ["fast", -1, [8000], None])
def test_a_sample_rate_that_is_none_is_refused(sample_rate):
    with pytest.raises(ArgumentError, match="sample_rate must be a whole number of Hz, got"):
        Pretrained(hparams={"sample_rate": sample_rate})


def test_a_class_names_what_it_needs(ctc_folder):
    class Diarizer(Pretrained):
        MODULES_NEEDED: ClassVar = ("encoder", "segmenter", "clusterer")

    class Reader(Pretrained):
        HPARAMS_NEEDED: ClassVar = ("sample_rate", "vocabulary")

    with pytest.raises(ArgumentError, match="Diarizer needs the modules segmenter, clusterer; the model has encoder"):
        Diarizer.from_hparams(ctc_folder)
    with pytest.raises(ArgumentError, match="Reader needs the hyperparameters vocabulary; the model has sample_rate"):
        Reader.from_hparams(ctc_folder)


@pytest.mark.parametrize("run_opts", [{"device": "cpu"}, torch.nn.Identity(), None])
def test_the_device_is_taken_from_the_run_options(ctc_folder, run_opts):
    assert Pretrained.from_hparams(ctc_folder, run_opts=run_opts).device == torch.device("cpu")


def test_a_device_that_is_not_there_is_told(ctc_folder):
    with pytest.raises(ArgumentError, match="device 'toaster' cannot be used"):
        Pretrained.from_hparams(ctc_folder, run_opts={"device": "toaster"})


def test_audio_is_loaded_as_the_model_hears_it(ctc_folder, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.full((2, 44100), 0.25), 44100)
    samples = Pretrained.from_hparams(ctc_folder).load_audio(tmp_path / "a.wav")
    assert samples.shape == (8000,)
    assert samples[4000].item() == pytest.approx(0.25, abs=1e-3)


def test_a_model_without_sample_rate_hears_16_khz():
    assert Pretrained().sample_rate == 16000
    assert Pretrained().device == torch.device("cpu")
    assert Pretrained().tokenizer is None


def test_a_recording_in_a_repository_is_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr("sonovox.inference.interface.fetch", lambda source: tmp_path / source.rpartition("/")[2])
    assert fetched_audio("speechbrain/asr/example.wav") == tmp_path / "example.wav"
    assert fetched_audio("takes/one.wav") == Path("takes/one.wav")


def test_a_pickle_in_the_folder_runs_nothing(copied, monkeypatch):
    class Bomb:
        def __reduce__(self):
            return Path.mkdir, (Path("exploded"),)

    monkeypatch.chdir(copied)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    (copied / "encoder.safetensors").unlink()
    torch.save({"bomb": Bomb()}, copied / "encoder.ckpt")
    with pytest.raises(WeightsError, match="without running code"):
        EncoderASR.from_hparams(copied)
    assert not Path("exploded").exists()
