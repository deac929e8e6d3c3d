"""SentencePiece tokenizers."""

import json
import subprocess
import sys

import pytest
import torch

from sonovox._internal.errors import ArgumentError, SonovoxWarning, UnknownKeyError
from sonovox.data import CTCTextEncoder, SentencePiece

TEXTS = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog", "the mat and the log", "cats and dogs"]


@pytest.fixture
def annotations(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("ID,wrd\n" + "".join(f"u{i},{text}\n" for i, text in enumerate(TEXTS)))
    return path


@pytest.fixture
def trained(tmp_path, annotations):
    return SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe")


def test_text_is_recovered_from_its_pieces(trained):
    assert trained.sp.vocab_size() == 30
    for text in TEXTS:
        assert trained.sp.decode_ids(trained.sp.encode_as_ids(text)) == text


def test_the_folder_holds_model_and_settings(trained, tmp_path):
    assert {path.name for path in (tmp_path / "tok").iterdir()} >= {"30_bpe.model", "30_bpe.json"}
    assert json.loads((tmp_path / "tok/30_bpe.json").read_text())["vocab_size"] == 30


def test_a_tokenizer_that_is_there_is_not_trained_again(trained, tmp_path, annotations):
    before = trained.model_file.stat()
    again = SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe")
    assert again.model_file.stat() == before
    assert SentencePiece(tmp_path / "tok", 30, model_type="bpe").sp.encode_as_ids("cat") == again.sp.encode_as_ids(
        "cat"
    )


def test_other_settings_are_refused(trained, tmp_path, annotations):
    with pytest.raises(ArgumentError, match=r"other settings: bos_id -1 \(asked: 1\); ask for these"):
        SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe", bos_id=1)
    (tmp_path / "tok/30_bpe.json").unlink()  # as in a folder of SpeechBrain
    SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe")
    with pytest.raises(ArgumentError, match="eos_id -1"):
        SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe", eos_id=2)


def test_other_text_is_told(trained, tmp_path, annotations):
    annotations.write_text("ID,wrd\na,other text\n")
    with pytest.warns(SonovoxWarning, match="was trained on other text, and is used as it is"):
        SentencePiece(tmp_path / "tok", 30, annotations, "wrd", model_type="bpe")


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_a_vocabulary_that_the_text_does_not_allow_is_refused(tmp_path, annotations, model_type):
    with pytest.raises(ArgumentError, match=r"vocab_size must be at most \d+ for these 5 texts, got 5000"):
        SentencePiece(tmp_path / "tok", 5000, annotations, "wrd", model_type=model_type)
    with pytest.raises(ArgumentError, match=r"vocab_size must be at least \d+, the number of characters, got 5"):
        SentencePiece(tmp_path / "tok", 5, annotations, "wrd", model_type=model_type)
    assert not list((tmp_path / "tok").glob("*.model"))


def test_the_greatest_vocabulary_that_is_named_works(tmp_path, annotations):
    with pytest.raises(ArgumentError, match="at most") as caught:
        SentencePiece(tmp_path / "tok", 5000, annotations, "wrd")
    most = int(str(caught.value).partition("at most ")[2].split()[0])
    assert SentencePiece(tmp_path / "tok", most, annotations, "wrd").sp.vocab_size() == most


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "text to train one on: none was given"),
        ({"annotation_train": "nothing.csv"}, r"there is no file nothing.csv"),
        ({"model_type": "bep"}, "did you mean bpe"),
        ({"annotation_format": "jsno"}, "did you mean json"),
        ({"vocab_size": 0}, "vocab_size must be positive"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path, arguments, said):
    with pytest.raises(ArgumentError, match=said):
        SentencePiece(tmp_path / "tok", **{"vocab_size": 20} | arguments)


def test_the_key_of_the_text_is_needed(tmp_path, annotations):
    with pytest.raises(ArgumentError, match="annotation_read must name the key"):
        SentencePiece(tmp_path / "tok", 20, annotations)
    with pytest.raises(UnknownKeyError, match="all items must have 'text'; there are wrd"):
        SentencePiece(tmp_path / "tok", 20, annotations, "text")
    annotations.write_text("ID,wrd\n")
    with pytest.raises(ArgumentError, match="no text to train on"):
        SentencePiece(tmp_path / "tok", 20, annotations, "wrd")


def test_json_and_characters_are_read(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(json.dumps({f"u{i}": {"chars": " ".join(text.replace(" ", "_"))} for i, text in enumerate(TEXTS)}))
    text_file = tmp_path / "train.txt"
    made = SentencePiece(
        tmp_path / "tok",
        30,
        path,
        "chars",
        "bpe",
        char_format_input=True,
        annotation_format="json",
        text_file=text_file,
    )
    assert text_file.read_text().splitlines() == TEXTS
    assert made.sp.decode_ids(made.sp.encode_as_ids("the cat")) == "the cat"


def test_a_text_file_that_is_there_is_trained_on(tmp_path):
    (tmp_path / "text.txt").write_text("\n".join(TEXTS))
    made = SentencePiece(tmp_path / "tok", 25, text_file=tmp_path / "text.txt", num_sequences=3, model_type="bpe")
    assert made.sp.vocab_size() == 25


def test_special_pieces_have_their_indices(tmp_path, annotations):
    made = SentencePiece(
        tmp_path / "tok", 30, annotations, "wrd", "bpe", user_defined_symbols="<x>,<y>", bos_id=1, eos_id=2, pad_id=3
    )
    assert [made.sp.bos_id(), made.sp.eos_id(), made.sp.pad_id(), made.sp.unk_id()] == [1, 2, 3, 0]
    assert made.sp.piece_to_id("<y>") == 5


def test_text_that_is_not_recovered_is_told(tmp_path, annotations):
    other = tmp_path / "valid.csv"
    other.write_text("ID,wrd\na,the zebra\nb,the cat\n")
    with pytest.warns(SonovoxWarning, match=r"1 of 2 texts of .*valid.csv are not recovered .* 'the zebra'"):
        SentencePiece(tmp_path / "tok", 30, annotations, "wrd", "bpe", annotation_list_to_check=[other, annotations])


def test_long_texts_are_not_left_out(tmp_path):
    (tmp_path / "text.txt").write_text("ab " * 2000 + "\n" + "cd\n" * 3)
    made = SentencePiece(tmp_path / "tok", 8, text_file=tmp_path / "text.txt", model_type="bpe")
    assert made.sp.decode_ids(made.sp.encode_as_ids("ab")) == "ab"


def test_batches_are_encoded_and_decoded(trained):
    labels = CTCTextEncoder()
    labels.update_from_iterable([text.split() for text in TEXTS])
    words = torch.tensor([labels.encode_sequence(["the", "cat"]), [*labels.encode_sequence(["dogs"]), 0]])
    pieces, lengths = trained(words, torch.tensor([1.0, 0.5]), labels.ind2lab)
    assert trained(pieces, lengths, task="decode") == [["the", "cat"], ["dogs"]]
    assert trained([trained.sp.encode_as_ids("a dog")], task="decode_from_list") == [["a", "dog"]]
    with pytest.raises(ArgumentError, match="needs batch_lens"):
        trained(pieces, task="decode")
    with pytest.raises(ArgumentError, match="needs ind2lab"):
        trained(pieces, lengths)


def test_processes_that_start_together_train_once(tmp_path, annotations):
    code = (
        "import sys; from sonovox.data import SentencePiece\n"
        f"SentencePiece({str(tmp_path / 'tok')!r}, 18, {str(annotations)!r}, 'wrd')\n"
    )
    running = [subprocess.Popen([sys.executable, "-W", "error", "-c", code]) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert [path.name for path in (tmp_path / "tok").glob("*.model")] == ["18_unigram.model"]
