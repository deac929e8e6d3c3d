"""`sonovox separate`, with a small SepFormer of SpeechBrain."""

import pytest
import torch

import sonovox
from sonovox.cli.separate import separate


def test_sources_are_written_with_rate_and_length_of_the_recording(
    speechbrain_reference, recording, tmp_path, sonovox_here
):
    mix = recording("in/mix.wav", seconds=1.3, sample_rate=22050)
    words = ("-m", speechbrain_reference / "sepformer" / "model", "--device", "cpu", "-o", tmp_path / "stems")
    code, out, err = sonovox_here(separate.__name__, mix, *words)
    names = [tmp_path / "stems" / f"mix_source{number}.wav" for number in (1, 2)]
    assert (code, out) == (0, f"{names[0]}\n{names[1]}\n")
    assert err.startswith("1 file, 0:01.3 of audio in ")
    for name in names:
        assert sonovox.info(name).sample_rate == 22050
        assert sonovox.info(name).num_frames == sonovox.info(mix).num_frames


def test_what_was_too_loud_is_told(speechbrain_reference, recording, tmp_path, sonovox_here, monkeypatch):
    from sonovox.inference import SepformerSeparation

    monkeypatch.setattr(SepformerSeparation, "separate_blocks", lambda *_: iter([torch.eye(2, 8000)]))
    sonovox.save(tmp_path / "mix.wav", 3 * torch.eye(1, 8000), 8000)
    model = speechbrain_reference / "sepformer" / "model"
    code, _, err = sonovox_here("separate", tmp_path / "mix.wav", "-m", model, "-o", tmp_path, "--device", "cpu")
    assert code == 0
    assert "mix.wav: the result was scaled by 0.33, so that it does not clip" in err


def test_bad_files_do_not_stop_the_others(speechbrain_reference, recording, tmp_path, sonovox_here):
    words = ("-m", speechbrain_reference / "sepformer" / "model", "--device", "cpu", "-o", tmp_path, "--quiet")
    sonovox.save(tmp_path / "empty.wav", torch.zeros(1, 0), 8000)
    code, out, err = sonovox_here("separate", tmp_path / "empty.wav", recording("b.wav"), *words)
    assert (code, len(out.splitlines())) == (1, 2)
    assert "empty.wav holds no samples" in err


def test_without_network_the_default_model_is_told(recording, sonovox_here, tmp_path):
    code, _, err = sonovox_here("separate", recording("a.wav"), "-o", tmp_path)
    assert code == 2
    assert "speechbrain/sepformer-wsj02mix/hyperparams.yaml is not in the cache" in err


def test_an_output_that_is_a_file_is_told_first(recording, sonovox_here):
    path = recording("a.wav")
    code, _, err = sonovox_here("separate", path, "-o", path)
    assert (code, "a.wav is a file" in err) == (2, True)


@pytest.mark.slow
def test_half_an_hour_in_the_memory_of_minutes(speechbrain_reference, peak_mib, tmp_path):
    words = ("separate", "-m", speechbrain_reference / "sepformer" / "model", "-o", tmp_path / "out")
    (short, _), (long, said) = (peak_mib(minutes, *words) for minutes in (5, 30))
    assert long < short + 25
    for name in said.splitlines():
        assert (sonovox.info(name).num_frames, sonovox.info(name).sample_rate) == (30 * 60 * 8000, 8000)
