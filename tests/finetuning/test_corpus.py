import json
import sys
import types

import pytest

from sonovox._internal.errors import ArgumentError, DataError, MissingDependencyError
from sonovox.finetuning.corpus import Corpus, LeftOut, open_corpus, sound_source


def texts(corpus):
    return {name: item["text"] for name, item in corpus.items.items()}


def test_a_folder_gives_pairs_and_what_lacks_its_other_half(record, tmp_path):
    record("data/one/a.wav", "hello")
    record("data/b.wav")
    record("data/c.wav").with_suffix(".txt").write_bytes("é".encode("latin-1"))
    (tmp_path / "data" / "lost.txt").write_text("lost")
    corpus = open_corpus(tmp_path / "data")
    assert texts(corpus) == {"one/a": "hello"}
    assert sorted((left.name, left.kind) for left in corpus.left_out) == [
        ("b", "sound without text"),
        ("c.txt", "text that is not UTF-8"),
        ("lost.txt", "text without sound"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", "path,sentence\na.wav,hello\nb.wav,you\n"),
        ("list.csv", "ID,wav,wrd\n1,a.wav,hello\n2,b.wav,you\n"),
        ("list.tsv", "client_id\tpath\tsentence\nx\ta.wav\thello\ny\tb.wav\tyou\n"),
        ("list.jsonl", '{"audio_filepath": "a.wav", "text": "hello"}\n{"audio_filepath": "b.wav", "text": "you"}\n'),
    ],
)
def test_a_list_is_read_whatever_its_columns_are_called(record, tmp_path, name, content):
    record("a.wav"), record("b.wav")
    (tmp_path / name).write_text(content)
    corpus = open_corpus(tmp_path / name)
    assert texts(corpus) == {"a": "hello", "b": "you"}
    assert corpus.items["a"]["audio"] == str(tmp_path / "a.wav")


def test_a_json_list_has_its_ids(record, tmp_path):
    record("a.wav")
    (tmp_path / "list.json").write_text(json.dumps({"u1": {"wav": "a.wav", "text": "hello", "spk_id": "ann"}}))
    corpus = open_corpus(tmp_path / "list.json")
    assert corpus.items == {"u1": {"audio": str(tmp_path / "a.wav"), "text": "hello", "speaker": "ann"}}


def test_recordings_elsewhere_are_named_from_the_folder_that_they_share(record, tmp_path):
    record("sound/a/1.wav")
    record("sound/b/1.wav")
    (tmp_path / "lists").mkdir()
    rows = "".join(f"{tmp_path}/sound/{name}/1.wav,hello\n" for name in "ab")
    (tmp_path / "lists" / "list.csv").write_text(f"path,text\n{rows}")
    assert list(open_corpus(tmp_path / "lists" / "list.csv").items) == ["a/1", "b/1"]


def test_quotation_marks_of_a_tsv_are_text(record, tmp_path):
    (tmp_path / "list.tsv").write_text('path\tsentence\na.wav\t"Hello" she said\n')
    assert list(texts(open_corpus(tmp_path / "list.tsv")).values()) == ['"Hello" she said']


def test_recordings_of_common_voice_stand_in_clips(record, tmp_path):
    path = record("clips/a.wav")
    (tmp_path / "list.tsv").write_text("path\tsentence\na.wav\thello\n")
    assert open_corpus(tmp_path / "list.tsv").items["clips/a"]["audio"] == str(path)


def test_a_list_in_the_folder_is_used(record, tmp_path):
    record("a.wav", "not this")
    (tmp_path / "metadata.csv").write_text("file_name,transcription\na.wav,hello\n")
    assert texts(open_corpus(tmp_path)) == {"a": "hello"}


def test_the_list_of_ljspeech_has_no_head(record, tmp_path):
    record("wavs/a.wav")
    (tmp_path / "metadata.csv").write_text("a|2 of them|two of them\n")
    assert texts(open_corpus(tmp_path)) == {"wavs/a": "two of them"}


def test_a_kaldi_directory_knows_its_speakers(record, tmp_path):
    path = record("a.wav")
    (tmp_path / "wav.scp").write_text(f"u1 {path}\nu2 {path}\n")
    (tmp_path / "text").write_text("u1 hello\n")
    (tmp_path / "utt2spk").write_text("u1 ann\n")
    corpus = open_corpus(tmp_path)
    assert corpus.items == {"u1": {"audio": str(path), "text": "hello", "speaker": "ann"}}
    assert corpus.left_out == [LeftOut("u2", "sound without text")]


@pytest.mark.parametrize(
    ("content", "options", "kind", "text"),
    [
        ("a,b\n1,2\n", {}, ArgumentError, "no column is called text or the like, got a, b"),
        ("path,b\n1,2\n", {"text_column": "c"}, ArgumentError, "there is no column 'c' among path, b"),
        ("path,text,offset\na.wav,x,1.5\n", {}, DataError, "has offset='1.5'"),
    ],
)
def test_columns_that_are_missing_or_mean_parts_are_told(tmp_path, content, options, kind, text):
    (tmp_path / "list.csv").write_text(content)
    with pytest.raises(kind, match=text):
        open_corpus(tmp_path / "list.csv", **options)


class Rows:
    """What of a Hugging Face data set is used."""

    def __init__(self, rows):
        self.rows, self.column_names, self.cast = rows, list(rows[0]), []

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]

    def cast_column(self, name, kind):
        self.cast.append((name, kind))
        return self


def test_a_data_set_gives_rows_and_its_sound_stays_in_it(record, monkeypatch):
    fake = types.SimpleNamespace(Audio=lambda decode: ("audio", decode))
    monkeypatch.setitem(sys.modules, "datasets", fake)
    path = record("a.wav")
    rows = Rows([{"audio": {"bytes": path.read_bytes(), "path": None}, "sentence": "hello", "client_id": "ann"}])
    corpus = open_corpus(rows)
    assert corpus.items == {"0": {"audio": {"row": "0"}, "text": "hello", "speaker": "ann"}}
    assert rows.cast == [("audio", ("audio", False))]  # sound is decoded by sonovox
    assert corpus.sound({"row": "0"})["bytes"] == path.read_bytes()


def test_a_data_set_of_the_hub_is_loaded_by_name(monkeypatch):
    calls = []
    rows = Rows([{"audio": {"path": "a.wav"}, "text": "hello"}])
    fake = types.SimpleNamespace(
        Audio=lambda decode: None, load_dataset=lambda name, config, split: calls.append((name, config, split)) or rows
    )
    monkeypatch.setitem(sys.modules, "datasets", fake)
    open_corpus("hf:google/fleurs:de_de:validation")
    open_corpus("hf:owner/name")
    assert calls == [("google/fleurs", "de_de", "validation"), ("owner/name", None, "train")]


def test_the_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingDependencyError, match="pip install datasets"):
        open_corpus("hf:owner/name")


def test_a_data_set_on_disk_is_read(record, tmp_path):
    pytest.importorskip("pyarrow")
    datasets = pytest.importorskip("datasets")
    path = record("a.wav")
    made = datasets.Dataset.from_dict({"audio": [{"bytes": path.read_bytes(), "path": None}], "text": ["hello"]})
    datasets.DatasetDict({"train": made.cast_column("audio", datasets.Audio())}).save_to_disk(str(tmp_path / "set"))
    corpus = open_corpus(tmp_path / "set")
    assert texts(corpus) == {"0": "hello"}
    assert corpus.sound({"row": "0"})["bytes"] == path.read_bytes()


def test_files_are_not_listed_again_when_only_sound_is_wanted(record, tmp_path, monkeypatch):
    record("a.wav", "hello")
    assert sound_source(tmp_path).items == {}
    assert sound_source(tmp_path).sound("a.wav") == "a.wav"
    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(Audio=lambda decode: None))
    rows = Rows([{"audio": {"path": "a.wav"}, "text": "hello"}])
    assert sound_source(rows).sound({"row": "0"}) == {"path": "a.wav"}


def test_paths_are_sound_as_they_are():
    assert Corpus("a list").sound("a.wav") == "a.wav"
