import pytest

from sonovox._internal.errors import WriteError
from sonovox.cli.output_folder import check_folder


def test_folders_that_can_be_made_are_fine(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "deeper")
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(WriteError, match="file is a file; choose another --output-dir"):
            check_folder(folder)
