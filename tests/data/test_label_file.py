"""The text format of label encoders."""

import pytest

from sonovox._internal.errors import DataError
from sonovox.data.label_file import read_labels, write_labels


def test_the_format_is_this(tmp_path):
    write_labels(tmp_path / "labels.txt", {"a": 0, "it's": 1, ("b", 2): 2}, {"starting_index": 0, "unk_label": "a"})
    assert (tmp_path / "labels.txt").read_text() == (
        "'a' => 0\n\"it's\" => 1\n('b', 2) => 2\n================\n'starting_index' => 0\n'unk_label' => 'a'\n"
    )


def test_whatever_is_written_is_read(tmp_path):
    labels = [
        "a => b",
        "'x' => 3",
        "================",
        "a\nb\r\u2028\x85c",
        "",
        " ",
        "é字",
        4,
        2.5,
        None,
        b"x",
        ("a", (1,)),
    ]
    written = {label: i for i, label in enumerate(labels)}
    extras = {"starting_index": 0, "unk_label": "x => y"}
    write_labels(tmp_path / "labels.txt", written, extras)
    assert read_labels(tmp_path / "labels.txt") == (written, extras)


def test_windows_line_ends_are_read(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"'a' => 0\r\n================\r\n'starting_index' => 0\r\n")
    assert read_labels(tmp_path / "labels.txt") == ({"a": 0}, {"starting_index": 0})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("'a' -> 0", ":2: 'label' => index was expected"),
        ("__import__('os').system('x') => 0", ":2: 'label' => index was expected"),
        ("'b' => __import__('os')", ":2: 'label' => index was expected"),
        ("'b' => 'x'", ":2: the index of a label must be a whole number, got 'x'"),
        ("'b' => True", ":2: the index of a label must be a whole number, got True"),
        ("'a' => 1", ":2: 'a' stands twice"),
        ("'b' => 0", "index 0 belongs to several labels: 'a', 'b'"),
        ("['b'] => 1", ":2: 'label' => index was expected"),
        ("(" * 5000 + " => 1", ":2: 'label' => index was expected"),
    ],
)
def test_other_lines_are_refused_with_their_place(tmp_path, line, said):
    (tmp_path / "labels.txt").write_text(f"'a' => 0\n{line}\n================\n")
    with pytest.raises(DataError, match=said):
        read_labels(tmp_path / "labels.txt")


def test_bytes_are_refused(tmp_path):
    (tmp_path / "tokenizer.ckpt").write_bytes(b"\x0a\x0e\xff\xfe")
    with pytest.raises(DataError, match="is it a SentencePiece model"):
        read_labels(tmp_path / "tokenizer.ckpt")


def test_labels_that_are_no_literals_are_not_written(tmp_path):
    with pytest.raises(DataError, match="text, numbers or tuples"):
        write_labels(tmp_path / "labels.txt", {frozenset("ab"): 0}, {})
    assert not list(tmp_path.iterdir())
