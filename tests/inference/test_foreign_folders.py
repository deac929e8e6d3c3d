"""Folders that bring a Python file: refused, trusted by content, or not needed."""

import hashlib
import shutil

import pytest
import torch

from sonovox._internal.errors import ArgumentError, HubError, NotInSourceError, UntrustedCodeError
from sonovox.inference import EncoderClassifier, foreign_class
from sonovox.inference.foreign_folders import KNOWN_CLASSES

CODE = """
import pathlib
pathlib.Path("{mark}").touch()
from sonovox.inference import EncoderClassifier

class Custom(EncoderClassifier):
    def twice(self, wavs):
        return 2 * self.encode_batch(wavs)
"""


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "it ran"


@pytest.fixture
def folder(tmp_path, speechbrain_reference, mark):
    """The folder for emotions with a file of its own, as it is on the hub."""
    folder = tmp_path / "emotions"
    shutil.copytree(speechbrain_reference / "emotion-wav2vec2" / "model", folder, copy_function=shutil.copy)
    folder.chmod(0o755)
    (folder / "custom_interface.py").write_text(CODE.format(mark=mark))
    return folder


def trust_of(folder):
    return "sha256:" + hashlib.sha256((folder / "custom_interface.py").read_bytes()).hexdigest()


@pytest.mark.parametrize("classname", KNOWN_CLASSES)
def test_known_classes_are_ours_and_run_nothing(classname, folder, mark):
    model = foreign_class(folder, pymodule_file="custom_interface.py", classname=classname)
    assert type(model) is EncoderClassifier
    assert model.classify_batch(torch.zeros(1, 8000))[0].shape == (1, 4)
    assert not mark.exists()


def test_other_classes_are_refused_with_the_words_to_add(folder, mark):
    with pytest.raises(UntrustedCodeError) as told:
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom")
    assert told.value.message == f"custom_interface.py of {folder} is a stranger's code, which is not run"
    assert told.value.hint.endswith(f'add trust="{trust_of(folder)}" to foreign_class')
    assert not mark.exists()


def test_trusted_code_is_run(folder, mark):
    model = foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", trust=trust_of(folder))
    wavs = 0.1 * torch.ones(1, 8000)
    torch.testing.assert_close(model.twice(wavs), 2 * model.encode_batch(wavs))
    assert mark.exists()


def test_trust_ends_with_a_change_of_the_file(folder, mark):
    trust = trust_of(folder)
    with (folder / "custom_interface.py").open("a") as file:
        file.write("\n")
    with pytest.raises(UntrustedCodeError, match="is not the code that is trusted"):
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", trust=trust)
    assert not mark.exists()


def test_trust_comes_from_no_file_variable_or_earlier_call(folder, mark, monkeypatch):
    trust = trust_of(folder)
    foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", trust=trust)
    mark.unlink()
    for name in ("TRUST", "SONOVOX_TRUST", "TRUST_REMOTE_CODE", "HF_TRUST_REMOTE_CODE"):
        monkeypatch.setenv(name, trust)
    with (folder / "hyperparams.yaml").open("a") as file:
        file.write(f"\ntrust: {trust}\ntrust_remote_code: True\n")
    with pytest.raises(UntrustedCodeError):
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom")
    with pytest.raises(UntrustedCodeError):
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", overrides={"trust": trust})
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "error", "complaint"),
    [
        ("../custom.py", ArgumentError, "a Python file inside the folder"),
        ("/custom.py", ArgumentError, "a Python file inside the folder"),
        ("label_encoder.ckpt", ArgumentError, "a Python file inside the folder"),
        ("custom.py", NotInSourceError, "holds no custom.py"),
    ],
)
def test_other_files_are_told(name, error, complaint, folder):
    with pytest.raises(error, match=complaint):
        foreign_class(folder, pymodule_file=name, classname="Custom")


def test_trusted_code_that_cannot_be_run_is_told(folder):
    (folder / "custom_interface.py").write_text("import a_package_that_is_not_there")
    with pytest.raises(HubError, match="cannot be run: ModuleNotFoundError: No module named 'a_package"):
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", trust=trust_of(folder))
    (folder / "custom_interface.py").write_text("class Costum: ...")
    with pytest.raises(NotInSourceError, match="has no class Custom; did you mean Costum"):
        foreign_class(folder, pymodule_file="custom_interface.py", classname="Custom", trust=trust_of(folder))
