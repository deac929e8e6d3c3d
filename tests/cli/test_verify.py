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


def test_stored_voices_are_compared_with_recordings_and_with_each_other(model, voices, sonovox_here, tmp_path):
    stored = tmp_path / "voices.npz"
    expected = sonovox_here("verify", *voices, "-m", model, "-q", "--device", "cpu")
    assert sonovox_here("embed", *voices, "-o", stored, "-m", model, "-q", "--device", "cpu") == (0, "", "")
    assert sonovox_here("verify", "a", voices[1], "--embeddings", stored, "-m", model, "-q") == expected
    assert sonovox_here("verify", "a", "b.wav", "--embeddings", stored, "-m", "no/model", "-q") == expected


@pytest.fixture
def trials(voices):
    """Three pairs, of which one has a recording that is missing."""
    path = voices[0].with_name("trials.txt")
    path.write_text("1 a.wav a.wav\n0 a.wav b.wav\n0 a.wav nowhere.wav\n")
    return path


def test_trials_give_rates_scores_and_a_picture(model, trials, sonovox_here, tmp_path):
    scores, det = tmp_path / "scores.txt", tmp_path / "det.png"
    options = ("-m", model, "--threshold", "0.9999", "--scores", scores, "--det", det, "--device", "cpu", "-q")
    code, out, err = sonovox_here("verify", "--trials", trials, *options)
    assert code == 1
    assert err.splitlines()[0] == "1 of 3 recordings failed:"
    assert "nowhere.wav\n" in err.splitlines()[1] + "\n"
    assert err.splitlines()[-1] == "1 of 3 trials are left out"
    lines = out.splitlines()
    assert lines[0] == "trials    2: 1 same, 1 different, 3 recordings"
    assert lines[1].startswith("EER       0.00 %, threshold ")
    assert lines[2].startswith("minDCF    0.0000, threshold ")
    assert lines[3] == "right     100.00 % at the threshold 0.9999"
    assert [line.split("\t")[3] for line in scores.read_text().splitlines()] == ["target", "nontarget"]
    assert det.read_bytes().startswith(b"\x89PNG")


def test_trials_without_answers_are_scored(model, trials, sonovox_here):
    trials.write_text("a.wav a.wav\na.wav b.wav\n")
    code, out, _ = sonovox_here("verify", "--trials", trials, "-m", model, "-q", "--device", "cpu")
    assert code == 0
    assert [line.split("\t")[:2] for line in out.splitlines()] == [["a.wav", "a.wav"], ["a.wav", "b.wav"]]
    assert out.startswith("a.wav\ta.wav\t1.000000\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "two recordings are compared, got no recording"),
        (["a.wav"], "two recordings are compared, got one recording"),
        (["a.wav", "b.wav", "--det", "x.png"], "--det go with --trials"),
        (["a.wav", "b.wav", "--trials", "x.txt"], "--trials has the recordings, and a.wav was given too"),
        (["--trials", "x.txt"], "cannot read the trials x.txt: No such file or directory"),
    ],
)
def test_words_that_do_not_go_together_are_told(words, complaint, sonovox_here):
    code, _, err = sonovox_here("verify", *words)
    assert (code, err.splitlines()[0]) == (2, f"error: {complaint}")


def test_a_picture_needs_both_answers_before_anything_is_heard(trials, sonovox_here):
    trials.write_text("1 a.wav b.wav\n")
    code, _, err = sonovox_here("verify", "--trials", trials, "--det", "det.png", "-m", "no/model")
    assert (code, err.splitlines()[0]) == (2, "error: a DET curve needs pairs of both kinds with their answers")


@pytest.mark.network
def test_the_speakers_of_librispeech_are_told_apart(speech_manifest, sonovox_here, monkeypatch):
    for name in ("SONOVOX_OFFLINE", "SONOVOX_CACHE"):
        monkeypatch.delenv(name)
    files = {item["audio"].stem: item["audio"] for item in speech_manifest("librispeech")}
    first, same, other = (files[name] for name in ("1688-142285-0002", "1688-142285-0009", "1998-15444-0008"))
    assert sonovox_here("verify", first, same, "--quiet")[:2] == (0, "score 0.622  threshold 0.250  SAME\n")
    assert sonovox_here("verify", first, other, "--quiet")[0] == 1
