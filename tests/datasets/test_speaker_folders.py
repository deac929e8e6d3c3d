import pytest
import soundfile

from small_corpora import speaker_folders
from sonovox._internal.errors import DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets import prepare_speaker_folders


def test_recordings_of_one_folder_stay_together(tmp_path):
    speaker_folders(tmp_path / "wav")
    prepare_speaker_folders(tmp_path / "wav", tmp_path / "out", split_ratio=[60, 20, 20])
    parts = [DynamicItemDataset.from_csv(tmp_path / "out" / f"{part}.csv").data for part in ("train", "valid", "test")]
    assert sum(map(len, parts)) == 80
    videos = [{item_id.rpartition("/")[0] for item_id in part} for part in parts]
    assert sum(map(len, videos)) == len(set.union(*videos)) == 40
    for part in parts:
        assert {item["spk_id"] for item in part.values()} == {"id1", "id2"}
        assert {item["duration"] for item in part.values()} == {0.2}


def test_recordings_that_lie_with_the_speaker_are_split_one_by_one(shared_data, tmp_path):
    prepare_speaker_folders(shared_data / "librispeech", tmp_path)
    sizes = [len(DynamicItemDataset.from_csv(tmp_path / f"{part}.csv")) for part in ("train", "valid", "test")]
    assert sum(sizes) == 50
    assert sizes[0] > sizes[1] > 0 < sizes[2]


def test_one_speaker_is_too_few(tmp_path):
    soundfile.write(tmp_path / "a.wav", [0.0] * 160, 16000)
    with pytest.raises(DataError, match="has no folders of two or more speakers"):
        prepare_speaker_folders(tmp_path, tmp_path / "out")
