"""Tar files in WebDataset's layout."""

import io
import json
import pickle
import tarfile

import pytest
import torch

import sonovox
from sonovox._internal.errors import CorruptAudioError, DataError, ItemError
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.data.byte_ranges import read_range
from sonovox.data.tar_shards import read_tar


def wav(value, frames=800):
    file = io.BytesIO()
    sonovox.save(file, torch.full((frames,), value, dtype=torch.int16), 8000, format="wav")
    return file.getvalue()


def write_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.fixture
def shards(tmp_path):
    for shard in range(2):
        files = []
        for i in range(3):
            name = f"spk{shard}/{shard}{i}"
            files += [
                (f"{name}.wav", wav(1024 * (3 * shard + i))),
                (f"{name}.txt", f"text {shard}{i}\n".encode()),
                (f"{name}.json", json.dumps({"speaker": shard, "more": {"x": i}}).encode()),
                (f"{name}.cls", str(i).encode()),
                (f"{name}.npy", b"raw"),
            ]
        write_tar(tmp_path / f"train-00{shard}.tar", files)
    return tmp_path


@pytest.mark.parametrize("pattern", ["train-{000..001}.tar", "train-*.tar", None])
def test_items_are_read_without_unpacking(shards, pattern):
    given = shards / pattern if pattern else sorted(shards.glob("*.tar"))
    dataset = DynamicItemDataset.from_tar(given, output_keys=["id", "txt", "speaker", "cls", "sig", "duration"])
    dataset.add_dynamic_item(read_audio, takes="audio", provides="sig")
    assert len(dataset) == 6
    item = dict(dataset[4])
    assert item.pop("sig").tolist() == [4096 / 32768] * 800
    assert item == {"id": "spk1/11", "txt": "text 11", "speaker": 1, "cls": 1, "duration": 0.1}
    assert dataset.column("more")[:2] == [{"x": 0}, {"x": 1}]
    assert read_range(dataset.column("npy")[0]) == b"raw"


def test_the_dataset_pickles_without_the_sound(shards):
    dataset = DynamicItemDataset.from_tar(shards / "train-000.tar")
    assert len(pickle.dumps(dataset)) < 5000


def test_several_sounds_of_an_item_have_their_names(tmp_path):
    write_tar(tmp_path / "a.tar", [("1.mix.wav", wav(1)), ("1.s1.wav", wav(2)), ("dir/1.wav", wav(3))])
    dataset = DynamicItemDataset.from_tar(tmp_path / "a.tar")
    assert dataset.data_ids == ["1", "dir/1"]
    assert dict(dataset.data["1"]).keys() == {"id", "mix", "s1"}
    assert read_audio(dataset.data["1"]["s1"])[0] == 2 / 32768


def test_the_largest_format_of_names_is_read(tmp_path):
    name = "long" * 60
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo(f"{name}.txt")
        member.size = 2
        tar.addfile(member, io.BytesIO(b"hi"))
    assert DynamicItemDataset.from_tar(tmp_path / "a.tar").column("txt") == ["hi"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("1.txt", b"a"), ("2.txt", b"b"), ("1.json", b"{}")], "these stand more than once: 1"),
        ([("1.cls", b"one")], "the .cls at byte 512 is not what its ending says"),
        ([("1.json", b"{")], "the .json at byte 512 is not what its ending says"),
        ([("1.txt", b"\xff")], "the .txt at byte 512 is not what its ending says"),
        ([("1.txt", b"a" * (1 << 20) + b"b")], "has 1048577 bytes, at most 1048576 were expected"),
    ],
)
def test_what_is_not_in_the_layout_is_refused(tmp_path, files, said):
    write_tar(tmp_path / "a.tar", files)
    with pytest.raises(DataError, match=said):
        DynamicItemDataset.from_tar(tmp_path / "a.tar")


def test_an_item_may_have_nothing_but_its_id(tmp_path):
    write_tar(tmp_path / "a.tar", [("1.json", b"{}"), ("2.json", b"{}")])
    assert [dict(row) for row in read_tar(tmp_path / "a.tar").values()] == [{"id": "1"}, {"id": "2"}]


def test_a_compressed_tar_is_refused_with_the_reason(tmp_path):
    write_tar(tmp_path / "a.tar", [("1.txt", b"a")], "w:gz")
    with pytest.raises(DataError, match=r"it is compressed; uncompress it, since places .* cannot be jumped to"):
        DynamicItemDataset.from_tar(tmp_path / "a.tar")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"no tar" * 200)
    with pytest.raises(DataError, match=r"a.tar cannot be read as a tar file"):
        DynamicItemDataset.from_tar(tmp_path / "a.tar")
    with pytest.raises(DataError, match=r"there is no tar file .*b-\{0..1\}.tar"):
        DynamicItemDataset.from_tar(tmp_path / "b-{0..1}.tar")


def test_a_tar_that_was_cut_later_is_told(shards):
    dataset = DynamicItemDataset.from_tar(shards / "train-000.tar", output_keys=["sig"])
    dataset.add_dynamic_item(read_audio, takes="audio", provides="sig")
    path = shards / "train-000.tar"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(
        ItemError, match=r"item 'spk0/01': .*read_audio could not compute 'sig'.*make the data set again"
    ) as caught:
        dataset[1]
    assert isinstance(caught.value.__cause__, CorruptAudioError)
