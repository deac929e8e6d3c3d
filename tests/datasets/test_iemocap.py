import json

import pytest

from small_corpora import iemocap
from sonovox._internal.errors import ArgumentError, DataError
from sonovox.datasets import prepare_iemocap


@pytest.fixture
def corpus(tmp_path):
    return iemocap(tmp_path)


def prepare(corpus, **options):
    files = [corpus / f"{part}.json" for part in ("train", "valid", "test")]
    prepare_iemocap(corpus, *files, **options)
    return [json.loads(file.read_text()) for file in files]


def test_four_emotions_with_excitement_as_happiness(corpus):
    items = {item_id: item for part in prepare(corpus) for item_id, item in part.items()}
    assert len(items) == 5 * 2 * 5
    assert items["Ses01F_impro01_M001"]["emo"] == "hap"
    assert items["Ses01F_impro01_M001"]["spk_id"] == "Ses01M"
    assert items["Ses01F_impro01_M001"]["duration"] == 0.3
    assert {item["emo"] for item in items.values()} == {"neu", "hap", "sad", "ang"}


def test_a_speaker_apart_with_the_other_of_the_session_as_validation(corpus):
    train, valid, test = prepare(corpus, different_speakers=True, test_spk_id=4)
    assert {item["spk_id"] for item in test.values()} == {"Ses02M"}
    assert {item["spk_id"] for item in valid.values()} == {"Ses02F"}
    assert len({item["spk_id"] for item in train.values()}) == 8


def test_what_is_no_iemocap_is_told(corpus, tmp_path):
    with pytest.raises(ArgumentError, match="test_spk_id must be 1 to 10, got 11"):
        prepare(corpus, different_speakers=True, test_spk_id=11)
    with pytest.raises(DataError, match="has no Session1, Session2"):
        prepare(corpus / "Session1")
