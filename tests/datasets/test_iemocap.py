import json

import pytest
import soundfile

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.datasets import prepare_iemocap


@pytest.fixture
def corpus(tmp_path):
    """A dialogue a session: of each speaker one turn of each label."""
    for session in range(1, 6):
        dialog = f"Ses0{session}F_impro01"
        evaluation = tmp_path / f"Session{session}" / "dialog" / "EmoEvaluation"
        sentences = tmp_path / f"Session{session}" / "sentences" / "wav" / dialog
        evaluation.mkdir(parents=True)
        sentences.mkdir(parents=True)
        lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
        for letter in "FM":
            for number, label in enumerate(("neu", "exc", "hap", "sad", "ang", "fru", "xxx")):
                name = f"{dialog}_{letter}{number:03d}"
                soundfile.write(sentences / f"{name}.wav", [0.0] * 1600, 16000)
                lines += [f"[6.2901 - 8.2357]\t{name}\t{label}\t[2.5000, 2.5000, 2.5000]", "C-E2:\tNeutral;\t()"]
        (evaluation / f"{dialog}.txt").write_text("\n".join(lines))
    return tmp_path


def prepare(corpus, **options):
    files = [corpus / f"{part}.json" for part in ("train", "valid", "test")]
    prepare_iemocap(corpus, *files, **options)
    return [json.loads(file.read_text()) for file in files]


def test_four_emotions_with_excitement_as_happiness(corpus):
    items = {item_id: item for part in prepare(corpus) for item_id, item in part.items()}
    assert len(items) == 5 * 2 * 5
    assert items["Ses01F_impro01_M001"]["emo"] == "hap"
    assert items["Ses01F_impro01_M001"]["spk_id"] == "Ses01M"
    assert items["Ses01F_impro01_M001"]["duration"] == 0.1
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
