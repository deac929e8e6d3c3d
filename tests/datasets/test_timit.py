import json

import pytest

from small_corpora import timit
from sonovox._internal.errors import ChoiceError, DataError
from sonovox.datasets import prepare_timit
from sonovox.datasets.timit import CORE_TEST, PHONES, VALIDATION, fold_phone


@pytest.fixture
def corpus(tmp_path):
    return timit(tmp_path / "TIMIT")


def prepare(corpus, phn_set):
    files = [corpus.parent / f"{part}.json" for part in ("train", "valid", "test")]
    prepare_timit(corpus, *files, phn_set=phn_set)
    return [json.loads(file.read_text()) for file in files]


def test_official_parts_without_the_sentences_that_all_read(corpus):
    train, valid, test = prepare(corpus, 39)
    assert [list(part) for part in (train, valid, test)] == [["fcjf0_si1027"], ["faks0_si1027"], ["mdab0_si1027"]]


def test_phones_of_39_with_the_ends_of_joined_silences(corpus):
    item = prepare(corpus, 39)[0]["fcjf0_si1027"]
    assert item["phn"] == "sil t ih ah sil"
    assert item["ground_truth_phn_ends"] == "1200 1600 2000 2600 8000"
    assert (item["duration"], item["spk_id"], item["wrd"]) == (0.5, "fcjf0", "it is")


def test_phones_of_48_and_60(corpus):
    assert prepare(corpus, 48)[0]["fcjf0_si1027"]["phn"] == "sil cl t ix ax sil"
    assert prepare(corpus, 60)[0]["fcjf0_si1027"]["phn"] == "sil tcl t ix ax-h pau sil"


def test_the_sets_have_as_many_phones_as_their_names_say():
    assert len(PHONES) == len(set(PHONES)) == 61
    for size in (60, 48, 39):
        assert len({fold_phone(phone, size) for phone in PHONES} - {None}) == size
    assert (len(VALIDATION), len(CORE_TEST)) == (50, 24)
    assert not VALIDATION & CORE_TEST


def test_what_is_no_timit_is_told(corpus, tmp_path):
    with pytest.raises(ChoiceError, match="phn_set must be one of 39, 48, 60, got '40'"):
        prepare(corpus, 40)
    with pytest.raises(DataError, match="has no train and test"):
        prepare(corpus / "TRAIN", 39)
    with pytest.raises(DataError, match="'zzz' is no phone of TIMIT"):
        fold_phone("zzz")
    next(corpus.rglob("TEST/DR1/MDAB0/SI1027.PHN")).unlink()
    with pytest.raises(DataError, match=r"there is no \.phn beside .*SI1027\.WAV"):
        prepare(corpus, 39)
