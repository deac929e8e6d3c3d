import pytest
import soundfile

from sonovox._internal.errors import DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets import prepare_digit_strings, prepare_spoken_digits, read_spoken_digits


def test_the_official_split(shared_data):
    parts = read_spoken_digits(shared_data / "digits")
    assert {part: len(items) for part, items in parts.items()} == {"train": 2520, "valid": 180, "test": 300}
    item = parts["test"]["7_theo_0"]
    assert (item["digit"], item["text"], item["speaker"], item["index"]) == (7, "seven", "theo", 0)


def test_manifests_have_the_columns_of_librispeech(tmp_path):
    (tmp_path / "recordings").mkdir()
    for index in (0, 5, 8):
        soundfile.write(tmp_path / "recordings" / f"3_ann_{index}.wav", [0.0] * 800, 8000)
    prepare_spoken_digits(tmp_path, tmp_path)
    for part, item_id in (("test", "3_ann_0"), ("valid", "3_ann_5"), ("train", "3_ann_8")):
        data = DynamicItemDataset.from_csv(tmp_path / f"{part}.csv").data
        assert list(data) == [item_id]
        assert (data[item_id]["duration"], data[item_id]["spk_id"], data[item_id]["wrd"]) == (0.1, "ann", "three")


def test_another_folder_is_told(tmp_path):
    with pytest.raises(DataError, match=r"there are no files such as 7_jackson_32\.wav"):
        read_spoken_digits(tmp_path)


def test_strings_use_each_recording_of_a_part_once(shared_data, tmp_path):
    prepare_digit_strings(shared_data / "digits", tmp_path, longest=4, seed=1)
    parts = read_spoken_digits(shared_data / "digits")
    for part in ("valid", "test"):
        strings = DynamicItemDataset.from_json(tmp_path / f"{part}.json").data
        used = [wav for string in strings.values() for wav in string["wavs"]]
        assert sorted(used) == sorted(item["wav"] for item in parts[part].values())
        texts = {item["wav"]: item["text"] for item in parts[part].values()}
        for string in strings.values():
            assert string["wrd"] == " ".join(texts[wav] for wav in string["wavs"])
            assert len({wav.split("_")[1] for wav in string["wavs"]}) == 1
        assert {len(string["wavs"]) for string in strings.values()} == {1, 2, 3, 4}
