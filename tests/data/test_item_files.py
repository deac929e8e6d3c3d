"""Descriptions of items in JSON, JSON lines and CSV."""

import json

import pytest

from sonovox._internal.errors import DataError
from sonovox.data import DynamicItemDataset
from sonovox.data.item_files import read_csv, read_json, read_jsonl


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "items"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def rows(table):
    return [dict(row) for row in table.values()]


def test_json_maps_ids_to_items(written):
    path = written(json.dumps({"u1": {"wav": "{root}/a.wav", "length": 2}, "u2": {"wav": "b", "length": 0.5}}))
    expected = [{"id": "u1", "wav": "/d/a.wav", "length": 2}, {"id": "u2", "wav": "b", "length": 0.5}]
    assert rows(read_json(path, {"root": "/d"})) == expected
    dataset = DynamicItemDataset.from_json(path, {"root": "/d"}, output_keys=["id", "wav", "length"])
    assert list(dataset) == expected
    assert dataset.filtered_sorted(sort_key="length").data_ids == ["u2", "u1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": {}, "b": {}, "a": {}}', "these stand more than once: a"),
        ('[{"id": "a"}]', "ids with their items were expected, got a list; for one object a line, use from_jsonl"),
        ('{"id": "a"}\n{"id": "b"}', "is not JSON: Extra data: line 2"),
        ('{"a": 1}', "item 'a' must be a mapping of keys to values, got 1"),
        ('{"a": {"id": "b"}}', "item 'a' says that its id is 'b'"),
    ],
)
def test_other_json_is_refused(written, text, said):
    path = written(text)
    with pytest.raises(DataError, match=f"^{path}.*{said}"):
        read_json(path)


def test_json_lines_have_their_id(written):
    path = written('\ufeff{"id": "a", "x": 1}\n\n{"id": 7, "y": "$r/2"}\n')
    assert rows(read_jsonl(path, {"r": "/d"})) == [{"id": "a", "x": 1}, {"id": "7", "y": "/d/2"}]
    assert DynamicItemDataset.from_jsonl(path, {"r": ""}).data_ids == ["a", "7"]


def test_another_key_may_be_the_id(written):
    path = written('{"audio": "a.wav", "id": 3}')
    assert rows(read_jsonl(path, id_key="audio")) == [{"id": "a.wav", "audio": "a.wav"}]
    assert DynamicItemDataset.from_jsonl(path, id_key="audio", output_keys=["audio"])[0] == {"audio": "a.wav"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "a"}\n{"id": "b"', ":2 is not JSON"),
        ('{"id": "a"}\n{"Id": "b"}', ":2: an object with 'id' was expected, got .*; did you mean Id"),
        ('{"id": "a"}\n["b"]', ":2: an object with 'id' was expected"),
        ('{"id": "a"}\n{"id": "a"}', "these stand more than once: a"),
    ],
)
def test_other_lines_are_refused_with_their_number(written, text, said):
    path = written(text)
    with pytest.raises(DataError, match=f"^{path}:?.*{said}"):
        read_jsonl(path)


def test_csv_has_ids_durations_and_text(written):
    path = written('ID, duration, wav, wrd\nu1, 1.5, $data_folder/a.wav, "hello, you"\n\nu2,2,{data_folder}/b.wav,3\n')
    expected = [
        {"id": "u1", "duration": 1.5, "wav": "/d/a.wav", "wrd": "hello, you"},
        {"id": "u2", "duration": 2.0, "wav": "/d/b.wav", "wrd": "3"},
    ]
    assert rows(read_csv(path, {"data_folder": "/d"})) == expected
    dataset = DynamicItemDataset.from_csv(path, {"data_folder": "/d"}, [], ["id", "duration", "wav", "wrd"])
    assert list(dataset) == expected


def test_columns_are_converted(written):
    path = written("ID,spk,duration\na,3,1\n")
    assert rows(read_csv(path, col_types={"spk": int})) == [{"id": "a", "spk": 3, "duration": 1.0}]
    assert DynamicItemDataset.from_csv(path, col_types={"spk": int}).column("spk") == [3]


def test_a_csv_without_lines_is_empty(written):
    assert rows(read_csv(written("ID,wav\n"))) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,wav\na,b\n", 'a column "ID" was expected, got id, wav; rename id'),
        ("", 'a column "ID" was expected, got an empty file'),
        ("ID,wav,wav\n", "columns must differ"),
        ("ID,wav\na,b\nc\n", ":3: 2 fields were expected, got 1"),
        ("ID,wav\na,b,c\n", ":2: 2 fields were expected, got 3; put text with commas in"),
        ("ID,duration\na,1\nb,long\n", ":3: duration could not be converted, got 'long'"),
        ("ID,wav\na,1\nb,2\na,3\n", "these stand more than once: a"),
        ("ID,wav\na,$data_folder/a.wav\n", "needs a replacement for 'data_folder', got none"),
    ],
)
def test_other_csv_is_refused(written, text, said):
    path = written(text)
    with pytest.raises(DataError, match=f"^{path}:?.*{said}"):
        read_csv(path)


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("a.csv", "text\nyes\n\nno\n", read_csv),
        ("a.tsv", "text\tn\nyes\t1\nno\t2\n", read_csv),
        ("a.jsonl", '{"text": "yes"}\n{"text": "no"}\n', read_jsonl),
    ],
)
def test_items_without_ids_are_counted(tmp_path, name, content, read):
    (tmp_path / name).write_text(content)
    table = read(tmp_path / name, id_key=None)
    assert {item_id: row["text"] for item_id, row in table.items()} == {"1": "yes", "2": "no"}


def test_quotation_marks_are_text_where_tabs_stand_between_fields(tmp_path):
    (tmp_path / "a.tsv").write_text('ID\ttext\nu\t"yes" and, no\n')
    assert read_csv(tmp_path / "a.tsv")["u"]["text"] == '"yes" and, no'
