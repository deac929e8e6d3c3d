"""Only `_internal/files.py` opens files for writing, so that no file that matters is ever half written."""

import ast
from pathlib import Path

import pytest

from house.sources import calls, dotted, module_name, parsed, place, source_files

# module -> why it may
ALLOWED = {
    "sonovox._internal.files": "it is the place",
    "sonovox.hub.download": "a part that grows over several runs, is verified, and then moved into place",
    "sonovox.hub.package_index": "the log of pip, inside a work folder that is thrown away",
    "sonovox.hub.wheel": "a part that the cache verifies, and then moves into place",
    "sonovox.io.save": "the temporary path of atomic_path, opened once to have the system's own reason",
}
WRITING_METHODS = {"write_text", "write_bytes", "tofile", "savez"}


def writers(tree: ast.Module, path: Path) -> list[str]:
    return [f"{place(path, call)} {what}" for call in calls(tree) if (what := _writes(call))]


def _writes(call: ast.Call) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
    is_method = isinstance(call.func, ast.Attribute)
    if is_method and name in WRITING_METHODS:
        return f"calls .{name}()"
    if name not in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile") or dotted(call.func) == "os.open":
        return ""
    of_module = dotted(call.func) in ("os.fdopen", "io.open", "gzip.open", "tempfile.NamedTemporaryFile")
    position = 0 if is_method and not of_module else 1  # path.open(mode) and open(path, mode)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    mode = given.get("mode", call.args[position] if len(call.args) > position else None)
    if mode is None:
        return ""
    # In `"ab" if resumed else "wb"` each of the two counts; a variable is taken for the worst.
    words = [part.value for part in ast.walk(mode) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if not words and dotted(mode).endswith("mode"):
        return "opens with a mode that is not written out"
    return next((f"opens with mode {word!r}" for word in words if set(word) & set("wax+")), "")


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_no_file_is_opened_for_writing(path):
    wrong = [] if module_name(path) in ALLOWED else writers(parsed(path), path)
    assert not wrong, "\n".join(["write through _internal/files.py:", *wrong])


def test_every_exception_is_needed():
    found = {module_name(path) for path in source_files() if writers(parsed(path), path)}
    assert set(ALLOWED) <= found


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("open('x', 'w')", "bad.py:1 opens with mode 'w'"),
        ("with open('x', mode='ab') as f: ...", "bad.py:1 opens with mode 'ab'"),
        ("path.open('r+b')", "bad.py:1 opens with mode 'r+b'"),
        ("path.write_text('x')", "bad.py:1 calls .write_text()"),
        ("Path('x').write_bytes(b'')", "bad.py:1 calls .write_bytes()"),
        ("open('x', mode)", "bad.py:1 opens with a mode that is not written out"),
        ("path.open('ab' if resumed else 'wb')", "bad.py:1 opens with mode 'ab'"),
        ("os.fdopen(3, 'wb')", "bad.py:1 opens with mode 'wb'"),
    ],
)
def test_the_rule_can_fail(code, complaint):
    assert writers(ast.parse(code), Path("bad.py")) == [complaint]


def test_the_rule_lets_pass():
    code = "open('x')\nopen('x', 'rb')\npath.open('rb')\nwrite_text('x', 'text')\n"
    code += "opener.open(url, request)\nos.open('x', os.O_RDONLY)"
    assert writers(ast.parse(code), Path("good.py")) == []
