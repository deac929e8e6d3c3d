import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.inference.embedding_files import EMBEDDING_SUFFIXES, load_embeddings, save_embeddings

VOICES = {"file": torch.tensor([1.0, 2.0]), "a/b": torch.tensor([-0.5, 1e-8])}


@pytest.mark.parametrize("suffix", EMBEDDING_SUFFIXES)
def test_what_was_written_comes_back(suffix, tmp_path):
    path = save_embeddings(tmp_path / f"voices{suffix}", {"x": torch.ones(1, 1, 2), **VOICES})
    found = load_embeddings(path)
    assert sorted(found) == ["a/b", "file", "x"]
    assert all(torch.equal(found[name], VOICES[name]) for name in VOICES)
    assert torch.equal(found["x"], torch.ones(2))


def test_numpy_reads_the_one_kind_and_kaldi_lists_are_read(tmp_path):
    save_embeddings(tmp_path / "voices.npz", VOICES)
    with np.load(tmp_path / "voices.npz") as stored:
        assert stored["a/b"].tolist() == VOICES["a/b"].tolist()
    save_embeddings(tmp_path / "voices.ark", VOICES)
    assert torch.equal(load_embeddings(tmp_path / "voices.scp")["file"], VOICES["file"])


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("matrix", np.ones((2, 2), np.float32), "matrix are no vectors of numbers"),
        ("nan", np.array([np.nan], np.float32), "nan are no vectors of numbers"),
        ("longer", np.ones(3, np.float32), r"their sizes are \[2, 3\]"),
        ("objects", np.array([print], object), "holds no embeddings: Object arrays cannot be loaded"),
        ("texts", np.array(["x"]), "holds no embeddings"),
    ],
)
def test_what_is_no_voice_is_refused(name, value, complaint, tmp_path):
    np.savez(tmp_path / "voices.npz", good=np.ones(2, np.float32), **{name: value})
    with pytest.raises(DataError, match=complaint):
        load_embeddings(tmp_path / "voices.npz")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello" * 9])
def test_damaged_files_are_told(suffix, content, tmp_path):
    (tmp_path / f"voices{suffix}").write_bytes(content)
    with pytest.raises(DataError, match=f"voices{suffix} holds no embeddings"):
        load_embeddings(tmp_path / f"voices{suffix}")


def test_other_kinds_and_missing_files_are_told(tmp_path):
    with pytest.raises(ArgumentError, match=r"are written as .npz, .safetensors, .ark, got voices.txt"):
        save_embeddings("voices.txt", VOICES)
    with pytest.raises(ArgumentError, match=r"embeddings are .npz, .safetensors, .ark or .scp"):
        load_embeddings("voices.txt")
    with pytest.raises(DataError, match="there is no file"):
        load_embeddings(tmp_path / "voices.npz")
