"""`sonovox vad`, with a small model of SpeechBrain and the recording of its case."""

import numpy as np
import pytest
import torch

import sonovox
from sonovox.cli.vad import vad


@pytest.fixture
def case(speechbrain_reference, tmp_path):
    """The model, a recording, and the lines that SpeechBrain's results for it make."""
    folder = speechbrain_reference / "vad-crdnn"
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        sonovox.save(tmp_path / "a.wav", torch.from_numpy(inputs["wav_int16"])[None], 16000)
        lines = [f"{tmp_path / 'a.wav'}\t{begin:.2f}\t{end:.2f}" for begin, end in outputs["checked_one"]]
    return folder / "model", tmp_path / "a.wav", lines


def test_a_line_for_each_stretch_of_speech(case, sonovox_here):
    model, recording, lines = case
    code, out, err = sonovox_here(vad.__name__, recording, "--model", model, "--device", "cpu")
    assert (code, out.splitlines(), err) == (0, lines, "")


def test_options_reach_the_steps(case, sonovox_here):
    model, recording, lines = case
    _, out, _ = sonovox_here("vad", recording, "-m", model, "--device", "cpu", "--shortest", "2")
    begins = [line.split("\t")[1] for line in out.splitlines()]
    assert begins == [
        line.split("\t")[1] for line in lines if float(line.split("\t")[2]) - float(line.split("\t")[1]) > 2
    ]
    _, out, _ = sonovox_here("vad", recording, "-m", model, "--device", "cpu", "--close", "10")
    assert len(out.splitlines()) == 1
    _, out, _ = sonovox_here("vad", recording, "-m", model, "--device", "cpu", "--energy", "--close", "0")
    assert len(out.splitlines()) != len(lines)


def test_bad_files_do_not_stop_the_others(case, sonovox_here):
    model, recording, lines = case
    code, out, err = sonovox_here("vad", "nowhere.wav", recording, "-m", model, "--device", "cpu")
    assert (code, out.splitlines()) == (1, lines)
    assert err.startswith("1 of 2 files failed:\nerror: there is no file nowhere.wav\n")
    assert sonovox_here("vad", "nowhere.wav", "-m", model, "--device", "cpu")[0] == 2


def test_a_model_that_finds_no_speech_is_told(speechbrain_reference, case, sonovox_here):
    code, out, err = sonovox_here("vad", case[1], "-m", speechbrain_reference / "spkrec-ecapa" / "model")
    assert (code, out) == (2, "")
    assert err.startswith("error: VAD needs the modules cnn, rnn, dnn; the model has ")


def test_a_missing_file_is_told_before_a_model_is_fetched(sonovox_here):
    code, out, err = sonovox_here("vad", "nowhere.wav")
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no file nowhere.wav\n")


def test_without_a_model_it_is_silero(case, sonovox_here):
    code, out, err = sonovox_here("vad", case[1])
    assert (code, out) == (2, "")
    assert "silero_vad_16k.safetensors is not in the cache" in err


@pytest.mark.slow
def test_memory_does_not_grow_with_the_recording(speechbrain_reference, peak_mib):
    words = ("vad", "--model", speechbrain_reference / "vad-crdnn" / "model")
    (short, _), (long, _) = (peak_mib(minutes, *words) for minutes in (5, 40))
    assert long < short + 25  # samples of 35 minutes are 128 MiB in float32


@pytest.mark.slow
@pytest.mark.network
def test_three_hours_in_the_memory_of_minutes(peak_mib, monkeypatch):
    monkeypatch.delenv("SONOVOX_CACHE")
    monkeypatch.delenv("SONOVOX_OFFLINE")
    (short, _), (long, _) = (peak_mib(minutes, "vad") for minutes in (10, 180))
    assert long < short + 40  # samples of 170 minutes are 620 MiB in float32
