import pytest

from small_corpora import fluent_speech_commands
from sonovox._internal.errors import DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets import prepare_fluent_speech_commands


@pytest.fixture
def corpus(tmp_path):
    return fluent_speech_commands(tmp_path)


def test_each_part_is_a_csv_with_slots_and_intent(corpus):
    prepare_fluent_speech_commands(corpus, corpus / "out")
    data = DynamicItemDataset.from_csv(corpus / "out" / "valid.csv").data
    item = data["valid0"]
    assert (item["duration"], item["spk_id"], item["wrd"]) == (0.5, "s1", "Turn on the lights")
    assert (item["action"], item["object"], item["location"]) == ("change language", "lights", "none")
    assert item["semantics"] == "change_language lights none"


def test_another_folder_or_table_is_told(corpus, tmp_path):
    with pytest.raises(DataError, match=r"has no data/train_data\.csv"):
        prepare_fluent_speech_commands(corpus / "fluent_speech_commands_dataset" / "wavs", tmp_path / "out")
    next(corpus.rglob("test_data.csv")).write_text("path,action\nx.wav,y\n")
    with pytest.raises(DataError, match="has no column location, object, speakerId, transcription"):
        prepare_fluent_speech_commands(corpus, tmp_path / "out")
