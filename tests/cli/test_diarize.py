"""`sonovox diarize`, with models of SpeechBrain's cases and a result that is given."""

import pytest

from sonovox.cli.diarize import diarize
from sonovox.inference import Diarization, Diarizer
from sonovox.text import Turn, read_rttm

TURNS = (Turn(0.5, 2.25, "speaker1"), Turn(2.25, 3.0, "speaker2"))


@pytest.fixture
def asked(monkeypatch):
    """What the diarizer was asked; it finds the same turns in every recording."""
    calls = []

    class Given:
        def diarize_file(self, path, num_speakers, *, reached, **options):
            calls.append((path.name, num_speakers, options))
            reached(3.0)
            return Diarization(TURNS if path.name != "silent.wav" else (), 3.0)

    monkeypatch.setattr(Diarizer, "from_pretrained", lambda *_, **__: Given())
    return calls


def test_turns_are_printed_and_written(asked, recording, tmp_path, sonovox_here, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = recording("talk.wav")
    code, out, err = sonovox_here(diarize.__name__, path, "-n", "2", "--max-speakers", "4")
    assert (code, out) == (0, f"{path}\t0.50\t2.25\tspeaker1\n{path}\t2.25\t3.00\tspeaker2\n")
    assert read_rttm("talk.rttm") == {"talk": list(TURNS)}
    assert err.splitlines()[0] == "wrote talk.rttm"
    assert asked == [("talk.wav", 2, {"max_speakers": 4, "clustering": "spectral"})]


def test_a_folder_keeps_its_tree_and_silence_is_told(asked, recording, tmp_path, sonovox_here):
    recording("in/day/talk.wav")
    recording("in/silent.wav")
    code, _, err = sonovox_here("diarize", tmp_path / "in", "-o", tmp_path / "out")
    assert code == 0
    assert (tmp_path / "out" / "day" / "talk.rttm").exists()
    assert (tmp_path / "out" / "silent.rttm").read_text() == ""
    assert f"no speech was found in {tmp_path / 'in' / 'silent.wav'}" in err


def test_a_reference_by_hand_is_not_replaced_but_an_own_result_is(asked, recording, tmp_path, sonovox_here):
    path, target = recording("talk.wav"), tmp_path / "talk.rttm"
    target.write_text("SPEAKER talk 1 0 1 <NA> <NA> ann <NA> <NA>\n")
    code, out, err = sonovox_here("diarize", path, "-o", tmp_path)
    assert (code, out, asked) == (2, "", [])
    assert err.startswith(f"error: {target} is there, and no result of this command\nhint:  move it away")
    assert "ann" in target.read_text()
    target.write_text("SPEAKER talk 1 0 1 <NA> <NA> speaker1 <NA> <NA>\n")
    assert sonovox_here("diarize", path, "-o", tmp_path)[0] == 0
    assert len(read_rttm(target)["talk"]) == 2


def test_a_picture(asked, recording, tmp_path, sonovox_here):
    pytest.importorskip("matplotlib", reason="needs the extra [plot]")
    assert sonovox_here("diarize", recording("talk.wav"), "-o", tmp_path, "--plot", "--quiet")[0] == 0
    assert (tmp_path / "talk.png").exists()


def test_wrong_words_are_told_before_a_model_is_fetched(recording, tmp_path, sonovox_here):
    code, _, err = sonovox_here("diarize", tmp_path / "nowhere.wav", "-o", tmp_path)
    assert (code, err.splitlines()[0]) == (2, f"error: there is no file {tmp_path / 'nowhere.wav'}")
    code, _, err = sonovox_here("diarize", recording("a.wav"), "--clustering", "kmeans")
    assert (code, "clustering must be" in err) == (2, True)
    code, _, err = sonovox_here("diarize", recording("a.wav"), "-o", tmp_path)
    assert (code, "is not in the cache" in err) == (2, True)


def test_models_of_folders(recording, tmp_path, sonovox_here, speechbrain_reference):
    voices, detector = (speechbrain_reference / name / "model" for name in ("spkrec-ecapa", "vad-crdnn"))
    words = ("-m", voices, "--detector", detector, "--device", "cpu", "-o", tmp_path)
    code, out, _ = sonovox_here("diarize", recording("a.wav", seconds=4), *words)
    assert code == 0
    assert len(out.splitlines()) == len(read_rttm(tmp_path / "a.rttm").get("a", []))
