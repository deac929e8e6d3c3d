import json

import pytest

from sonovox._internal.errors import ArgumentError, ChoiceError, WeightsError
from sonovox.models.wav2vec2 import CTCVocabulary

LABELS = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "A": 5, "B": 6}


def folder(path, vocabulary=LABELS, **files):
    (path / "vocab.json").write_text(json.dumps(vocabulary))
    for name, content in files.items():
        (path / f"{name}.json").write_text(json.dumps(content))
    return path


def test_frames_become_words(tmp_path):
    vocabulary = CTCVocabulary.from_folder(folder(tmp_path))
    assert vocabulary.text([4, 0, 5, 5, 0, 5, 6, 4, 4, 3, 2, 6, 0, 4]) == "AAB B"
    assert vocabulary.decode_ids([5, 5]) == "AA"
    assert vocabulary.blank == 0


def test_special_tokens_come_from_the_files(tmp_path):
    settings = {"pad_token": {"content": "[PAD]"}, "word_delimiter_token": "_", "unk_token": "[UNK]"}
    labels = {"a": 0, "_": 1, "b": 2, "[UNK]": 3}
    found = CTCVocabulary.from_folder(folder(tmp_path, labels, tokenizer_config=settings, added_tokens={"[PAD]": 4}))
    assert found.blank == 4
    assert found.text([0, 1, 3, 2, 4]) == "a b"


def test_the_configuration_of_the_model_may_name_the_blank(tmp_path):
    assert CTCVocabulary.from_folder(folder(tmp_path), blank=3).blank == 3
    assert CTCVocabulary.from_folder(folder(tmp_path), blank=99).blank == 0


def test_files_are_read_back(tmp_path):
    original = CTCVocabulary.from_folder(folder(tmp_path))
    for name, content in original.to_files().items():
        (tmp_path / name).write_bytes(content)
    assert CTCVocabulary.from_folder(tmp_path) == original


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "must hold a mapping"),
        ('{"a": "b"}', "labels to their numbers"),
        ('{"a": 99999999999}', "labels to their numbers"),
        ('{"eng": {"a": 0}, "deu": {"a": 0}}', "2 languages"),
    ],
)
def test_files_that_are_no_vocabulary_are_refused(tmp_path, content, said):
    (tmp_path / "vocab.json").write_text(content)
    with pytest.raises(WeightsError, match=said):
        CTCVocabulary.from_folder(tmp_path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(WeightsError, match="no file"):
        CTCVocabulary.from_folder(tmp_path)


def test_text_becomes_labels_and_back():
    vocabulary = CTCVocabulary(("<pad>", "|", "A", "B"), special=frozenset({"<pad>"}))
    assert vocabulary.decode_ids(vocabulary.encode("AB A")) == "AB A"
    with pytest.raises(ArgumentError, match="no label for 'C', 'D' of 'CD A'"):
        vocabulary.encode("CD A")


def test_the_padding_that_the_tokenizer_names_goes_before_that_of_the_configuration(tmp_path):
    labels = {"a": 0, "|": 1, "[PAD]": 2}
    assert CTCVocabulary.from_folder(folder(tmp_path, labels, tokenizer_config={"pad_token": "[PAD]"}), 0).blank == 2


def test_there_is_a_label_for_each_output_and_none_beyond(tmp_path):
    found = CTCVocabulary.from_folder(folder(tmp_path, added_tokens={"<x>": 9}), outputs=8)
    assert found.labels == (*LABELS, "")
    assert found.decode_ids([5, 7, 6]) == "AB"
    with pytest.raises(WeightsError, match=r"the blank of .* is no output"):
        CTCVocabulary.from_folder(folder(tmp_path, {"A": 0, "<pad>": 1}), outputs=1)


def test_added_tokens_stand_in_the_configuration_of_the_tokenizer_too(tmp_path):
    settings = {
        "added_tokens_decoder": {
            "7": {"content": "<extra>", "special": True},
            "8": {"content": "é", "special": False},
            "5": {"content": "<s>", "special": True},
        }
    }
    found = CTCVocabulary.from_folder(folder(tmp_path, tokenizer_config=settings))
    assert found.labels[5:] == ("A", "B", "<extra>", "é"), "a label of the vocabulary goes before one in its place"
    assert found.decode_ids([5, 7, 8]) == "Aé"


def test_text_is_in_lower_case_where_the_tokenizer_says_so(tmp_path):
    found = CTCVocabulary.from_folder(folder(tmp_path, tokenizer_config={"do_lower_case": True}))
    assert found.decode_ids([5, 4, 6]) == "a b"
    assert json.loads(found.to_files()["tokenizer_config.json"])["do_lower_case"]


def test_phones_have_spaces_between_them(tmp_path):
    labels = {"<pad>": 0, "tʃ": 1, "iː": 2, "z": 3, "<unk>": 4}
    settings = {"tokenizer_class": "Wav2Vec2PhonemeCTCTokenizer", "word_delimiter_token": None}
    found = CTCVocabulary.from_folder(folder(tmp_path, labels, tokenizer_config=settings))
    assert found.text([1, 1, 0, 2, 4, 3]) == "tʃ iː z"
    for name, content in found.to_files().items():
        (tmp_path / name).write_bytes(content)
    assert CTCVocabulary.from_folder(tmp_path).text([1, 1, 0, 2, 4, 3]) == "tʃ iː z"


def test_one_of_many_languages(tmp_path):
    labels = {"eng": {"<pad>": 0, "a": 1}, "fra": {"<pad>": 0, "é": 1}}
    path = folder(tmp_path, labels, tokenizer_config={"target_lang": "eng"})
    assert CTCVocabulary.from_folder(path).labels == ("<pad>", "a")
    assert CTCVocabulary.from_folder(path, language="fra").labels == ("<pad>", "é")
    with pytest.raises(ChoiceError, match="language must be one of eng, fra, got 'frb'; did you mean fra"):
        CTCVocabulary.from_folder(path, language="frb")
