"""`sonovox verify`, with a small model of SpeechBrain; real weights where the package index can be reached."""

import pytest
import torch

import sonovox
from sonovox.cli.verify import verify


@pytest.fixture
def model(speechbrain_reference):
    return speechbrain_reference / "spkrec-ecapa" / "model"


@pytest.fixture
def voices(tmp_path):
    """Noise of 2 s, and of 0.5 s, almost silent."""
    samples = 0.1 * torch.randn(2 * 16000, generator=torch.Generator().manual_seed(0))
    sonovox.save(tmp_path / "a.wav", samples[None], 16000)
    sonovox.save(tmp_path / "b.wav", 0.001 * samples[None, :8000], 16000)
    return tmp_path / "a.wav", tmp_path / "b.wav"


def test_the_same_recording_has_the_same_speaker(model, voices, sonovox_here):
    first, _ = voices
    expected = (0, "score 1.000  threshold 0.250  SAME\n", "")
    assert sonovox_here(verify.__name__, first, first, "--model", model, "--device", "cpu") == expected


def test_below_the_threshold_speakers_differ(model, voices, sonovox_here):
    code, out, err = sonovox_here("verify", *voices, "-m", model, "--threshold", "1", "--quiet", "--device", "cpu")
    assert (code, err) == (1, "")
    assert out.endswith("  threshold 1.000  DIFFERENT\n")


def test_doubts_are_told_on_stderr(model, voices, sonovox_here):
    _, _, err = sonovox_here("verify", *voices, "-m", model, "--device", "cpu")
    assert err.splitlines() == [
        f"{voices[1]}: it is 0.5 s long, which is little to know a voice by",
        f"{voices[1]}: it is almost silent",
    ]


def test_a_missing_file_is_told_before_a_model_is_fetched(voices, sonovox_here):
    code, out, err = sonovox_here("verify", voices[0], "nowhere.wav", "--offline", "--model", "no/model")
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no file nowhere.wav\n")


def test_a_model_that_knows_no_speakers_is_told(speechbrain_reference, voices, sonovox_here):
    code, _, err = sonovox_here("verify", *voices, "-m", speechbrain_reference / "vad-crdnn" / "model")
    assert code == 2
    assert err.startswith("error: SpeakerRecognition needs the modules embedding_model; the model has ")


@pytest.mark.network
def test_the_speakers_of_librispeech_are_told_apart(speech_manifest, sonovox_here, monkeypatch):
    for name in ("SONOVOX_OFFLINE", "SONOVOX_CACHE"):
        monkeypatch.delenv(name)
    files = {item["audio"].stem: item["audio"] for item in speech_manifest("librispeech")}
    first, same, other = (files[name] for name in ("1688-142285-0002", "1688-142285-0009", "1998-15444-0008"))
    assert sonovox_here("verify", first, same, "--quiet")[:2] == (0, "score 0.622  threshold 0.250  SAME\n")
    assert sonovox_here("verify", first, other, "--quiet")[0] == 1
