"""Sequences of labels with a blank."""

import pytest
import torch

from sonovox._internal.errors import UnknownKeyError
from sonovox.data import CTCTextEncoder


@pytest.fixture
def encoder():
    made = CTCTextEncoder()
    made.insert_blank(index=0)
    made.update_from_iterable(["abc"])
    return made


def test_the_blank_takes_its_place(encoder):
    assert encoder.lab2ind == {"<blank>": 0, "a": 1, "b": 2, "c": 3}
    assert encoder.get_blank_index() == 0
    encoder = CTCTextEncoder()
    encoder.update_from_iterable(["ab"])
    encoder.add_blank("_")
    assert encoder.get_blank_index() == 2


def test_special_labels_are_labels_or_indices():
    assert CTCTextEncoder(blank_label=2).lab2ind == {"<blank>": 2}
    encoder = CTCTextEncoder(blank_label="_", unk_label="?", bos_label="<s>", eos_label="</s>")
    assert encoder.lab2ind == {"_": 0, "?": 1, "<s>": 2, "</s>": 3}


def test_special_labels_after_collecting_take_their_indices(tmp_path):
    encoder = CTCTextEncoder()
    encoder.load_or_create(tmp_path / "l", [["abc"]], sequence_input=True, special_labels={"blank_label": 0})
    assert encoder.lab2ind == {"a": 3, "b": 1, "c": 2, "<blank>": 0}


def test_frames_are_collapsed(encoder):
    assert encoder.collapse_labels(["a", "a", "<blank>", "a", "b", "b"]) == ["a", "a", "b"]
    assert encoder.collapse_labels(["a", "a", "<blank>", "b"], merge_repeats=False) == ["a", "a", "b"]
    assert encoder.collapse_labels([]) == []


@pytest.mark.parametrize("convert", [lambda x: x, torch.tensor, lambda x: torch.tensor(x).numpy()])
def test_the_last_axis_of_indices_is_collapsed(encoder, convert):
    frames = convert([[1, 1, 0, 1, 2], [0, 0, 0, 0, 0], [3, 3, 3, 3, 3]])
    assert encoder.collapse_indices_ndim(frames) == [[1, 1, 2], [], [3]]
    assert encoder.collapse_indices_ndim(frames[0]) == [1, 1, 2]
    assert encoder.collapse_indices_ndim([[[0, 1]], [[]]]) == [[[1]], [[]]]


def test_a_blank_that_was_not_set_is_missed():
    with pytest.raises(UnknownKeyError, match="blank_label was not set"):
        CTCTextEncoder().get_blank_index()


def test_the_blank_is_saved(encoder, tmp_path):
    encoder.save(tmp_path / "labels.txt")
    loaded = CTCTextEncoder.from_saved(tmp_path / "labels.txt")
    assert (loaded.blank_label, loaded.get_blank_index()) == ("<blank>", 0)


@pytest.mark.parametrize("model", ["asr-wav2vec2-ctc", "asr-wav2vec2-ctc-ln"])
def test_tokenizers_of_model_folders_are_read_and_written_alike(speechbrain_reference, model, tmp_path):
    path = speechbrain_reference / model / "model" / "tokenizer.ckpt"
    encoder = CTCTextEncoder.from_saved(path)
    assert (encoder.get_blank_index(), encoder.get_bos_index(), encoder.get_eos_index()) == (0, 1, 2)
    assert encoder.decode_ndim(encoder.collapse_indices_ndim([5, 5, 0, 6])) == ["A", "B"]
    encoder.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
