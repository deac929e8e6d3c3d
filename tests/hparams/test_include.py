import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams import STRICT, load_hparams, resolve_references
from sonovox.hparams.document import Document
from sonovox.hparams.include import Includer
from sonovox.hparams.parse import parse_text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    files = {
        "main.yaml": "size: 3\ninner: !include:sub/inner.yaml\n  n: !ref <size>\nsame: !ref <inner[double]>\n",
        "sub/inner.yaml": "n: 1\ndouble: !ref <n> * 2\ndeeper: !include:deeper.yaml\n",
        "sub/deeper.yaml": "list: [a, b]\nfirst: !ref <list[0]>\n",
        "top.yaml": "!include:main.yaml\nsize: 5\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_an_included_file_refers_to_itself_and_takes_overrides_from_outside(folder):
    values = load_hparams(folder / "main.yaml")
    assert values["inner"] == {"n": 3, "double": 6, "deeper": {"list": ["a", "b"], "first": "a"}}
    assert values["same"] == 6


def test_overrides_reach_into_included_files(folder):
    assert load_hparams(folder / "main.yaml", ["--inner.n=10"])["same"] == 20


def test_the_whole_file_can_be_another_one(folder):
    assert load_hparams(folder / "top.yaml")["same"] == 10


def test_a_stream_includes_from_its_own_folder(folder):
    with (folder / "main.yaml").open() as stream:
        assert load_hparams(stream)["same"] == 6


def test_text_includes_only_from_a_folder_that_the_caller_names(folder):
    text = "a: !include:sub/deeper.yaml\n"
    with pytest.raises(
        HParamsError, match=r"<text>:1: a: cannot include sub/deeper\.yaml: this text lies in no folder"
    ):
        load_hparams(text)
    assert load_hparams(text, include_root=folder)["a"]["first"] == "a"


def test_a_wider_folder_has_to_be_named(folder):
    (folder / "sub" / "up.yaml").write_text("a: !include:../sub/deeper.yaml\nb: !include:../main.yaml\n")
    with pytest.raises(HParamsError, match=r"up\.yaml:2: b: cannot include \.\./main\.yaml: it lies outside of"):
        load_hparams(folder / "sub" / "up.yaml")
    with pytest.raises(HParamsError, match="it lies outside of"):
        load_hparams(folder / "sub" / "up.yaml", code=["math"])
    assert load_hparams(folder / "sub" / "up.yaml", include_root=folder)["b"]["same"] == 6


def test_errors_name_the_included_file(folder):
    (folder / "sub" / "deeper.yaml").write_text("a: 1\nb: !ref <missing>\n")
    with pytest.raises(HParamsError, match=r"sub/deeper\.yaml:2: inner\.deeper\.b: there is no key 'missing'"):
        load_hparams(folder / "main.yaml")
    (folder / "sub" / "deeper.yaml").unlink()
    with pytest.raises(HParamsError, match=r"inner\.yaml:3: inner\.deeper: .*cannot be read: No such file"):
        load_hparams(folder / "main.yaml")


def test_included_files_are_written_out_with_their_references(folder):
    text = resolve_references(folder / "main.yaml")
    assert "!include" not in text
    assert load_hparams(text) == load_hparams(folder / "main.yaml")


def test_the_bytes_of_all_files_count_together(folder):
    root = parse_text("a: !include:sub/deeper.yaml\n", Document("x", folder), STRICT)
    with pytest.raises(HParamsError, match="expected at most 5 bytes of YAML, got more"):
        Includer(folder, STRICT, STRICT.file_bytes - 5).expand(root)
