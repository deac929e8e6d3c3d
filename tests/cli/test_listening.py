"""What `verify` and `embed` share; their tests have the rest."""

from sonovox.cli.listening import DEFAULT_MODEL, Listening
from sonovox.inference.published_folders import PUBLISHED_FOLDERS


def test_the_default_model_has_a_copy_in_the_package_index():
    assert PUBLISHED_FOLDERS[DEFAULT_MODEL].mirror.startswith("pypi:")


def test_missing_files_need_no_model(tmp_path):
    recordings = {"a": tmp_path / "a.wav"}
    listening = Listening(recordings, model="no/model", device="cpu", offline=True, quiet=True)
    assert list(listening.voices()) == []
    assert listening.failures["a"].message == f"there is no file {tmp_path}/a.wav"
