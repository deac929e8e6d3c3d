"""`sonovox embed`, with a small model of SpeechBrain."""

import pytest
import torch

import sonovox
from sonovox.cli.embed import embed
from sonovox.inference import SpeakerRecognition
from sonovox.inference.embedding_files import load_embeddings


@pytest.fixture
def model(speechbrain_reference):
    return speechbrain_reference / "spkrec-ecapa" / "model"


@pytest.fixture
def voices(tmp_path):
    """A folder with two voices, and one below it."""
    for seed, name in enumerate(("a.wav", "b.wav", "more/a.wav")):
        (tmp_path / "voices" / name).parent.mkdir(parents=True, exist_ok=True)
        samples = 0.1 * torch.randn(1, 20000, generator=torch.Generator().manual_seed(seed))
        sonovox.save(tmp_path / "voices" / name, samples, 16000)
    return tmp_path / "voices"


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "ark"])
def test_every_recording_has_the_vector_of_the_model(suffix, model, voices, sonovox_here, tmp_path):
    output = tmp_path / f"out.{suffix}"
    code, out, err = sonovox_here(embed.__name__, voices, "-o", output, "-m", model, "--device", "cpu")
    assert (code, out, err) == (0, "", f"wrote 3 embeddings to {output}\n")
    found = load_embeddings(output)
    assert list(found) == ["a", "b", "more/a"]
    expected = SpeakerRecognition.from_hparams(model).encode_file(voices / "more" / "a.wav")
    torch.testing.assert_close(found["more/a"], expected.flatten())


def test_what_is_there_is_kept_on_request(model, voices, sonovox_here, tmp_path):
    output, options = tmp_path / "out.npz", ("-m", model, "--device", "cpu")
    sonovox_here("embed", voices / "a.wav", "-o", output, *options)
    code, _, err = sonovox_here("embed", voices / "a.wav", voices / "b.wav", "-o", output, "--add", *options)
    assert (code, err) == (0, f"wrote 1 embeddings besides 1 before to {output}\n")
    assert list(load_embeddings(output)) == ["a", "b"]
    _, _, err = sonovox_here("embed", voices / "a.wav", "-o", output, "--add", "-m", "no/model")
    assert err == f"{output} has all 1 recordings already\n"


def test_a_bad_file_does_not_stop_the_others(model, voices, sonovox_here, tmp_path):
    (voices / "b.wav").write_bytes(b"no audio")
    output = tmp_path / "out.npz"
    code, _, err = sonovox_here("embed", voices, "-o", output, "-m", model, "-q", "--device", "cpu")
    assert (code, list(load_embeddings(output))) == (1, ["a", "more/a"])
    assert err.startswith("1 of 3 recordings failed:\n")
    code, _, _ = sonovox_here("embed", voices / "b.wav", "-o", tmp_path / "other.npz", "-m", model, "-q")
    assert (code, (tmp_path / "other.npz").exists()) == (2, False)


def test_what_was_heard_before_an_interruption_is_written(model, voices, sonovox_here, tmp_path, monkeypatch):
    encode = SpeakerRecognition.encode_file

    def interrupted(self, path, normalize=False):
        if path.name == "b.wav":
            raise KeyboardInterrupt
        return encode(self, path, normalize)

    monkeypatch.setattr(SpeakerRecognition, "encode_file", interrupted)
    output = tmp_path / "out.npz"
    assert sonovox_here("embed", voices, "-o", output, "-m", model, "--device", "cpu")[0] == 130
    assert list(load_embeddings(output)) == ["a"]


def test_another_suffix_is_told_before_anything_is_heard(voices, sonovox_here):
    code, _, err = sonovox_here("embed", voices, "-o", "voices.txt", "-m", "no/model")
    assert code == 2
    assert err.startswith("error: embeddings are written as .npz, .safetensors, .ark, got voices.txt\n")
