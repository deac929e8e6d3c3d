import io
import os

import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.source import read_file, read_source


@pytest.mark.parametrize("text", ["a: 1", "a:", "a: 1\nb: 2", "{a: 1}", "---", "!new:x"])
def test_text_is_told_from_paths(text):
    assert read_source(text, 100)[0] == text


def test_a_path_names_its_document_and_its_folder(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    for source in (file, str(file)):
        text, document = read_source(source, 100)
        assert (text, document.name, document.folder) == ("a: 1\n", str(file), tmp_path)


def test_a_stream_is_read_and_named(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("a: 1\n")
    with file.open() as stream:
        text, document = read_source(stream, 100)
    assert (text, document.name, document.folder) == ("a: 1\n", str(file), tmp_path)
    text, document = read_source(io.StringIO("b: 2"), 100)
    assert (text, document.name, document.folder) == ("b: 2", "<stream>", None)


def test_too_much_text_is_refused_wherever_it_comes_from(tmp_path):
    (tmp_path / "x.yaml").write_text("a: " + "x" * 200)
    for source in (tmp_path / "x.yaml", "a: " + "x" * 200, io.StringIO("a: " + "x" * 200), "a: " + "\u00e9" * 60):
        with pytest.raises(HParamsError, match="expected at most 100 bytes of YAML, got more"):
            read_source(source, 100)


def test_what_is_no_file_of_text_is_told(tmp_path):
    with pytest.raises(HParamsError, match=r"missing\.yaml: cannot be read: No such file"):
        read_source(tmp_path / "missing.yaml", 100)
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(HParamsError, match="expected a file of YAML"):
            read_file(path, "x", 100)
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(HParamsError, match=r"latin\.yaml:2: expected UTF-8, got the byte 0xe9"):
        read_source(tmp_path / "latin.yaml", 100)
