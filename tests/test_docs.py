"""The documentation is true: its Python runs, and its commands have the options that it shows.

Python blocks of a page run in order, in one namespace and an empty folder, in which the audio files
that they name are there. `pycon` blocks are doctests. What needs a model that is not in the cache is
skipped with the reason.
"""

import doctest
import functools
import importlib
import re
import shlex
from pathlib import Path

import pytest
import soundfile
import torch
import typer
import yaml

from sonovox._internal.errors import HubError, OfflineError
from sonovox.cli.main import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference"
PAGES = [ROOT / "README.md", *sorted(p for p in DOCS.rglob("*.md") if GENERATED not in p.parents)]
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
AUDIO_NAME = re.compile(r"""["']([\w./-]+\.(?:wav|flac|mp3|ogg))["']""")
RATE = 44100
OPTIONS_EVERYWHERE = {"-h", "--help", "--debug"}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(text: str, *kinds: str) -> list[tuple[str, str, int]]:
    """Kind, code and line of the blocks of these kinds."""
    found = []
    for match in BLOCK.finditer(text):
        if match["kind"] in kinds:
            code = re.sub(f"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
            found.append((match["kind"], code, text.count("\n", 0, match.start()) + 2))
    return found


def run_blocks(page: str, blocks: list[tuple[str, str, int]]) -> list[str]:
    """Run the blocks; returns why some were skipped."""
    namespace: dict = {"__name__": "docs"}
    skipped = []
    for kind, code, line in blocks:
        try:
            if kind == "python":
                # Line numbers of the page, in tracebacks.
                exec(compile("\n" * (line - 1) + code, page, "exec"), namespace)  # noqa: S102
            else:
                run_doctest(page, code, line, namespace)
        except OfflineError as error:
            skipped.append(f"{page}:{line}: {error.message}")
        except (NameError, FileNotFoundError) as error:
            if not skipped:  # else the name, or the file, comes from a block that was skipped
                raise
            skipped.append(f"{page}:{line}: {error}")
    return skipped


def run_doctest(page: str, code: str, line: int, namespace: dict) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(code, namespace, page, page, line - 1)
    test.globs = namespace  # the parser has made a copy
    runner = doctest.DebugRunner(optionflags=flags, verbose=False)
    try:
        runner.run(test, clear_globs=False)
    except doctest.UnexpectedException as failure:
        raise failure.exc_info[1] from None
    except doctest.DocTestFailure as failure:
        pytest.fail(f"{page}:{line + failure.example.lineno}: {failure.example.source}gave\n{failure.got}")


def write_audio(folder: Path, text: str) -> None:
    """The files that Python blocks name, one quiet second each; a file that shall be missing has that name."""
    time = torch.arange(RATE) / RATE
    sound = (0.1 * torch.sin(2 * torch.pi * 220 * time)).numpy()
    for name in AUDIO_NAME.findall(text):
        path = folder / name
        if "missing" not in name and not Path(name).is_absolute():
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound, RATE)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    blocks = blocks_of(page.read_text(encoding="utf-8"), "python", "pycon")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SONOVOX_OFFLINE", "1")
    # The pages promise one graph without breaks; turning it into C++ takes minutes and is torch's affair.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    write_audio(tmp_path, "\n".join(code for _, code, _ in blocks))
    skipped = run_blocks(name_of(page), blocks)
    if skipped:
        pytest.skip("; ".join(skipped))


def faults_of_command(line: str) -> list[str]:
    """What is wrong with a shell line that calls `sonovox`."""
    words = shlex.split(line, comments=True)[1:]
    command, path = typer.main.get_command(app), "sonovox"
    while words and words[0] in getattr(command, "commands", {}):
        path = f"{path} {words[0]}"
        command = command.commands[words.pop(0)]
    faults = []
    if words and not words[0].startswith("-") and getattr(command, "commands", {}):
        faults.append(f"{path} has no command {words[0]}")
    if command.context_settings.get("ignore_unknown_options"):
        return faults  # what it does not know, it hands to what it runs
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("-") and len(option) > 1 and option not in known | OPTIONS_EVERYWHERE:
            faults.append(f"{path} has no option {option}")
    return faults


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_their_options_exist(page):
    for _, code, start in blocks_of(page.read_text(encoding="utf-8"), "sh", "bash", "shell", "console"):
        for i, line in enumerate(code.replace("\\\n", " ").splitlines()):
            line = line.strip().removeprefix("$ ")
            if line.split()[:1] == ["sonovox"]:
                assert faults_of_command(line) == [], f"{name_of(page)}:{start + i}"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("sonovox transcrybe a.wav", "sonovox has no command transcrybe"),
        ("sonovox transcribe a.wav --modell x", "sonovox transcribe has no option --modell"),
        ("sonovox models pull --all", "sonovox models pull has no option --all"),
    ],
)
def test_the_rule_of_commands_can_fail(line, fault):
    assert faults_of_command(line) == [fault]


def test_a_wrong_result_in_a_block_is_found():
    with pytest.raises(pytest.fail.Exception, match=r"page:8: 1 \+ 1\ngave\n2"):
        run_blocks("page", [("python", "x = 1\n", 3), ("pycon", ">>> x\n1\n>>> 1 + 1\n3\n", 6)])


def test_an_error_in_a_block_is_found():
    with pytest.raises(HubError):
        run_blocks("page", [("python", "from sonovox import hub\nhub.parse_source('no such thing')", 1)])


def test_blocks_after_a_skipped_one_may_miss_its_names():
    code = "from sonovox._internal.errors import OfflineError\nraise OfflineError('not in the cache')\n"
    skipped = run_blocks("page", [("python", code, 1), ("python", "y", 5)])
    assert skipped == ["page:1: not in the cache", "page:5: name 'y' is not defined"]


def test_every_page_is_in_the_navigation():
    def pages(nav: object) -> set[str]:
        if isinstance(nav, str):
            return {nav}
        return set().union(*map(pages, nav.values() if isinstance(nav, dict) else nav))

    listed = pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    written = {page.relative_to(DOCS).as_posix() for page in PAGES if DOCS in page.parents}
    missing = {page for page in written - listed if not page.startswith("decisions/")}
    assert not missing, f"mkdocs.yml does not list {sorted(missing)}"


@pytest.fixture
def generator(monkeypatch):
    """The script that writes the reference, as a module."""
    pytest.importorskip("matplotlib", reason="the script draws too, with the extra [plot]")
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("generate_reference")


def test_every_public_package_has_a_page_in_the_reference(generator):
    source = ROOT / "src" / "sonovox"
    documented = {module.split(".")[1] for page in generator.PAGES for module in page.modules}
    # The command has a page of its own; `functional` and `transforms` show `dsp`, and the kernels are under these.
    packages = {path.parent.name for path in source.glob("*/__init__.py")} - {"_internal", "_kernels", "cli", "dsp"}
    assert packages <= documented
    missing = {
        page.file for page in generator.PAGES if f"reference/{page.file}" not in (ROOT / "mkdocs.yml").read_text()
    }
    assert not missing


def test_the_reference_shows_every_public_name(generator):
    for page in generator.PAGES:
        text = generator.render_page(page)
        for module in page.modules:
            for name in importlib.import_module(module).__all__:
                assert f"{{ #{name} }}" in text


def test_a_signature_is_shown_as_it_is_written(generator):
    source = "def f(self, a, b: int = 1, *, c: 'X | None' = None, **rest: str) -> 'Y': ..."
    node = generator.ast.parse(source).body[0]
    shown = generator.signature_of(node, drop_first=True)
    assert shown == "f(a, b: int = 1, *, c: X | None = None, **rest: str) -> Y"


def test_sections_of_a_docstring_become_lists(generator):
    docs = "Gives.\n\nArgs:\n    a: first\n        line.\n    b: second.\n\n>>> 1\n1"
    assert generator.render_docstring(docs) == [
        "Gives.",
        "**Args**",
        "- `a`: first line.\n- `b`: second.",
        "```pycon\n>>> 1\n1\n```",
    ]


def test_names_become_links_but_not_in_code_or_titles(generator):
    text = "# `load`\n```\n`load`\n```\n`io.load`, `load`\n- `load`: see `load`\n- `load(x)`"
    linked = generator.with_links(text, "hub.md", {"load": "io.md"}, set())
    assert linked == (
        "# `load`\n```\n`load`\n```\n[`io.load`](io.md#load), [`load`](io.md#load)\n"
        "- `load`: see [`load`](io.md#load)\n- `load(x)`\n"
    )
