"""`sonovox enhance`, with small models of SpeechBrain."""

import pytest

import sonovox
from sonovox.cli.enhance import enhance


@pytest.mark.parametrize("folder", ["enhance-metricgan", "sepformer"])
def test_a_recording_is_written_with_its_rate_and_length(
    speechbrain_reference, recording, tmp_path, sonovox_here, folder
):
    noisy = recording("noisy.wav", seconds=1.1, sample_rate=44100)
    words = ("-m", speechbrain_reference / folder / "model", "--device", "cpu", "--quiet")
    code, out, err = sonovox_here(enhance.__name__, noisy, "-o", tmp_path / "out" / "clean.flac", *words)
    assert (code, out, err) == (0, f"{tmp_path / 'out' / 'clean.flac'}\n", "")
    metadata = sonovox.info(tmp_path / "out" / "clean.flac")
    assert (metadata.sample_rate, metadata.num_frames) == (44100, sonovox.info(noisy).num_frames)


def test_a_folder_keeps_its_tree(speechbrain_reference, recording, tmp_path, sonovox_here):
    recording("in/a.wav", seconds=1)
    recording("in/day/b.wav", seconds=1)
    words = ("-m", speechbrain_reference / "enhance-metricgan" / "model", "--device", "cpu")
    code, out, _ = sonovox_here("enhance", tmp_path / "in", "-o", tmp_path / "out", *words)
    assert (code, len(out.splitlines())) == (0, 2)
    assert (tmp_path / "out" / "a_enhanced.wav").exists()
    assert (tmp_path / "out" / "day" / "b_enhanced.wav").exists()


def test_one_file_for_several_recordings_is_refused(recording, tmp_path, sonovox_here):
    code, _, err = sonovox_here("enhance", recording("a.wav"), recording("b.wav"), "-o", tmp_path / "c.wav")
    assert (code, "c.wav is one file, for 2 recordings" in err) == (2, True)


def test_a_model_for_something_else_and_no_network_are_told(speechbrain_reference, recording, tmp_path, sonovox_here):
    model = speechbrain_reference / "spkrec-ecapa" / "model"
    code, _, err = sonovox_here("enhance", recording("a.wav"), "-o", tmp_path, "-m", model)
    assert (code, "is no model that takes noise away" in err) == (2, True)
    code, _, err = sonovox_here("enhance", recording("a.wav"), "-o", tmp_path)
    assert (code, "metricgan-plus-voicebank/hyperparams.yaml is not in the cache" in err) == (2, True)
