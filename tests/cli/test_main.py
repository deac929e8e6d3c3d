import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from sonovox import __version__
from sonovox.cli import info as info_command
from sonovox.cli.main import app, main


def test_says_its_version(sonovox_here):
    assert sonovox_here("--version") == (0, f"sonovox {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands(sonovox_here, words):
    code, out, _ = sonovox_here(*words)
    assert code == 0
    assert all(f"\n  {command} " in out for command in ("transcribe", "info", "models", "doctor"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("transcrib", "a.wav"), "No such command 'transcrib'. Did you mean 'transcribe'?"),
        (("transcribe",), "Missing argument"),
        (("transcribe", "a.wav", "--lang", "de"), "No such option: --lang"),
        (("transcribe", "a.wav", "--beam", "0"), "Invalid value for '--beam': "),
        (("transcribe", "a.wav", "--beam", "many"), "Invalid value for '--beam': "),
        (("models", "pul"), "No such command 'pul'"),
    ],
)
def test_misuse_is_one_line_and_a_hint(sonovox_here, words, message):
    code, out, err = sonovox_here(*words)
    assert (code, out) == (2, "")
    first, hint = err.splitlines()
    assert first.startswith(f"error: {message}")
    assert hint == "hint:  `sonovox --help`, or `sonovox COMMAND --help`, shows what there is"


@pytest.mark.parametrize("words", [("--debug", "info", "nowhere.wav"), ("info", "nowhere.wav", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(sonovox_here, words):
    code, _, err = sonovox_here(*words)
    assert code == 2
    assert "Traceback (most recent call last):" in err
    assert "\nerror: there is no file nowhere.wav\nhint:  " in err


def test_without_debug_there_is_no_traceback(sonovox_here):
    assert "Traceback" not in sonovox_here("info", "nowhere.wav")[2]


@pytest.mark.parametrize(("debug", "lines"), [([], 2), (["--debug"], 20)])
def test_what_nobody_foresaw_is_told_as_such(sonovox_here, monkeypatch, debug, lines):
    def break_down(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("sonovox.cli.models.list_models", break_down)
    code, _, err = sonovox_here("models", *debug)
    assert code == 2
    assert err.endswith(
        "error: unexpected ZeroDivisionError: division by zero\nhint:  --debug shows where; a report of it is welcome\n"
    )
    assert ("Traceback" in err) == bool(debug)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, EOFError])
def test_an_interruption_has_its_own_exit_code(sonovox_here, monkeypatch, kind):
    def interrupted(*_):
        raise kind

    monkeypatch.setattr("sonovox.cli.models.list_models", interrupted)
    code, _, err = sonovox_here("models")
    assert code == 130
    assert err.strip() == "interrupted; what was finished is kept"


def test_a_reader_that_leaves_early_is_no_error(sonovox_process):
    process = sonovox_process("models")
    process.stdout.close()  # as `head` does
    assert process.stderr.read() == ""
    assert process.wait(timeout=30) == 0


def test_python_m_sonovox_is_the_same_command():
    run = subprocess.run([sys.executable, "-m", "sonovox", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"sonovox {__version__}\n"


def test_every_command_is_registered_and_explained():
    commands = {command.name: command.callback for command in app.registered_commands}
    names = [path.stem for path in Path(info_command.__file__).parent.glob("[a-z]*.py")]
    modules = {name: importlib.import_module(f"sonovox.cli.{name}") for name in names}
    assert set(commands) == {name for name, module in modules.items() if name in module.__all__ and name != "main"}
    assert commands["info"] is info_command.info
    assert all(callback.__doc__ for callback in commands.values())


def test_takes_its_words_from_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sonovox", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == f"sonovox {__version__}\n"


def test_a_warning_is_one_line_without_the_place_in_the_code():
    code = "import sonovox.cli.main as m, warnings; from sonovox.errors import SonovoxWarning\n"
    code += "m.app = lambda *_, **__: warnings.warn('no\\nkenlm', SonovoxWarning) or 0\nm.main(['x'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == "warning: no kenlm\n"
