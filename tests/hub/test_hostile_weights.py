"""Weights and folders of somebody who means harm: each is refused, nothing runs, nothing is written elsewhere."""

import os
import shutil

import pytest
import torch
from torch import nn

from hub.hostile_weights import HOSTILE
from sonovox._internal.errors import SonovoxError
from sonovox.hub import Pretrainer, load_checkpoint
from sonovox.inference import Pretrained

YAML = """
layer: !new:torch.nn.Linear {in_features: 2, out_features: 1}
modules: {layer: !ref <layer>}
pretrainer: !new:sonovox.hub.Pretrainer
  loadables: {layer: !ref <layer>}
"""


def everything_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def mark(tmp_path):
    (tmp_path / "evil.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'mark')!r}).touch()\n")
    return tmp_path / "mark"


def test_there_are_more_than_a_hundred():
    assert len(HOSTILE) > 100


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_it_is_refused_and_nothing_happens(name, forced, tmp_path, mark, monkeypatch):
    if forced:  # what some set to make old checkpoints load
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    folder = tmp_path / "model"
    folder.mkdir()
    HOSTILE[name](folder, mark)
    mark.unlink(missing_ok=True)  # making some of them leaves it
    monkeypatch.chdir(tmp_path)
    before = everything_below(tmp_path)
    (file,) = folder.iterdir()
    with pytest.raises(SonovoxError) as told:
        load_checkpoint(file)
    assert str(file.name) in told.value.message
    assert told.value.hint
    assert everything_below(tmp_path) == before
    assert not os.path.lexists("/tmp/sonovox_evil")


@pytest.mark.parametrize("name", [name for name in HOSTILE if "os.system" in name or "archive" in name])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_folder_with_it_is_refused_as_well(name, tmp_path, mark):
    folder = tmp_path / "model"
    folder.mkdir()
    HOSTILE[name](folder, mark)
    file = next(folder.iterdir())
    shutil.move(file, folder / f"layer{file.suffix}")
    (folder / "hyperparams.yaml").write_text(YAML)
    (folder / "torch.py").write_text((tmp_path / "evil.py").read_text())
    before = everything_below(tmp_path)
    with pytest.raises(SonovoxError, match="layer"):
        Pretrained.from_hparams(folder)
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("place", ["/etc/passwd", "../secret.ckpt", "file:///etc/passwd", "x/../../secret.ckpt", "~/x"])
def test_a_folder_that_points_outside_is_refused(place, tmp_path):
    torch.save(nn.Linear(2, 1).state_dict(), tmp_path / "secret.ckpt")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "hyperparams.yaml").write_text(YAML + f"  paths: {{layer: '{place}'}}\n")
    with pytest.raises(SonovoxError):
        Pretrained.from_hparams(folder)


@pytest.mark.parametrize("savedir", ["copies", None])
def test_copies_go_where_the_caller_says(savedir, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    torch.save(nn.Linear(2, 1).state_dict(), folder / "layer.ckpt")
    (folder / "hyperparams.yaml").write_text(YAML + f"  collect_in: {tmp_path / 'elsewhere'}\n")
    Pretrained.from_hparams(folder, savedir=savedir and tmp_path / savedir)
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "copies").exists() == bool(savedir)


def test_python_files_beside_the_yaml_are_not_imported(tmp_path, mark, monkeypatch):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("torch.py", "sonovox.py", "custom.py", "custom_interface.py", "__init__.py", "sitecustomize.py"):
        shutil.copy(tmp_path / "evil.py", folder / name)
    torch.save(nn.Linear(2, 1).state_dict(), folder / "layer.ckpt")
    (folder / "hyperparams.yaml").write_text(YAML)
    monkeypatch.chdir(folder)
    Pretrained.from_hparams(folder)
    Pretrainer(loadables={"layer": nn.Linear(2, 1)}).collect_files(folder)
    for name in ("custom.Evil", "custom_interface.Evil", "evil.Evil"):
        (folder / "hyperparams.yaml").write_text(f"x: !new:{name}\n{YAML}")
        with pytest.raises(SonovoxError, match=rf"yaml:1: x: {name} is not in the table of names"):
            Pretrained.from_hparams(folder)
    assert not mark.exists()
