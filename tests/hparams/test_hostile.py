"""Hostile and absurd model files: refused with file and line, quickly, with nothing run and nothing read outside."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hparams.hostile import HOSTILE
from sonovox._internal.errors import HParamsError
from sonovox.hparams import load_hparams

SECONDS = 1.0  # of CPU time
# What the interpreter reports before it does them; none of it belongs to reading a YAML file.
FORBIDDEN = (
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "os.remove", "os.rename", "os.mkdir",
    "subprocess.Popen", "socket.", "ctypes.dlopen", "exec", "compile", "pickle.find_class", "marshal.load",
    "shutil.", "urllib.Request", "webbrowser.open", "signal.", "pty.spawn", "tempfile.",
)  # fmt: skip
SECRET = "secret: 12345\n"


class Watch:
    """What Python does while `on`: opened files, and events that must not happen."""

    def __init__(self):
        self.on = False
        self.opened: list[str] = []
        self.forbidden: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event, arguments):
        if not self.on:
            return
        if event == "open":
            self.opened.append(str(arguments[0]))
        elif event.startswith(FORBIDDEN):
            self.forbidden.append(f"{event} {arguments!r:.200}")


@pytest.fixture(scope="module")
def watch():
    return Watch()


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model folder with files to include, good and bad, and a secret outside of it."""
    top = tmp_path_factory.mktemp("hostile")
    folder = top / "model"
    (folder / "sub").mkdir(parents=True)
    (top / "secret.yaml").write_text(SECRET)
    files = {
        "inside.yaml": "a: 1\n",
        "loop_a.yaml": "x: !include:loop_b.yaml\n",
        "loop_b.yaml": "x: !include:loop_a.yaml\n",
        "many.yaml": "".join(f"a{i}: !include:inside.yaml\n" for i in range(1000)),
        "evil.yaml": "x: !apply:os.system [touch canary]\n",
        "broken.yaml": "x: [\n",
        "large.yaml": "# " + "x" * 100_000 + "\na: 1\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "binary.yaml").write_bytes(b"\xff\x00\x01")
    (folder / "link.yaml").symlink_to(top / "secret.yaml")
    (folder / "linked").symlink_to(top)
    os.mkfifo(folder / "fifo.yaml")
    return folder


@pytest.fixture(scope="module", autouse=True)
def everything_imported():
    """What a first use imports is not the time that a file takes, and opens files of packages."""
    load_hparams("a: !new:torch.nn.Linear [1, 1]\nb: !new:sonovox.transforms.MelSpectrogram {n_mels: 40}\n")
    with pytest.raises(HParamsError):
        load_hparams("a: !new:torch.nn.Liner [1, 1]\n")


def refusal(watch, text, folder):
    file = folder / "hyperparams.yaml"
    if isinstance(text, str):
        text = text.replace("{secret}", str(folder.parent / "secret.yaml")).encode("utf-8", "surrogatepass")
    file.write_bytes(text)
    watch.opened.clear()
    watch.forbidden.clear()
    watch.on = True
    start = time.process_time()
    try:
        load_hparams(file)
    except HParamsError as error:
        refused = error
    else:
        refused = None
    finally:
        seconds = time.process_time() - start
        watch.on = False
    return refused, seconds


def test_there_are_more_than_two_hundred():
    assert len(HOSTILE) > 400
    assert len(set(HOSTILE.values())) == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused(name, model, watch, monkeypatch):
    monkeypatch.chdir(model)
    error, seconds = refusal(watch, HOSTILE[name], model)
    assert error is not None, "it was loaded"
    assert Path(error.file).is_relative_to(model)
    assert error.line > 0, str(error)
    assert f"{error.file}:{error.line}" in str(error)
    assert str(error).replace("\n", "").isprintable()
    assert len(str(error)) < 2000
    assert watch.forbidden == []
    outside = [path for path in watch.opened if not Path(path).resolve().is_relative_to(model)]
    assert outside == []
    assert not (model / "canary").exists()
    assert SECRET.strip() not in str(error)
    assert "12345" not in str(error)
    # A busy machine, or Python clearing up after the tests before, may take its time once.
    assert seconds < SECONDS or min(refusal(watch, HOSTILE[name], model)[1] for _ in range(3)) < SECONDS


def test_the_watch_can_see(watch, model):
    watch.on = True
    (model.parent / "secret.yaml").read_text()
    subprocess.run(["true"], check=True)
    watch.on = False
    assert str(model.parent / "secret.yaml") in watch.opened
    assert watch.forbidden[0].startswith("subprocess.Popen")
