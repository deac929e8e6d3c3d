"""A file is one feature: it has the feature's name, and not more than 400 lines."""

from pathlib import Path

from house.sources import ROOT, SOURCE, source_files

MOST_LINES = 400
# A longer file and why it is still one thing.
LONGER: dict[str, str] = {}
NAMELESS = {"utils", "util", "misc", "common", "helpers", "helper", "tools", "functions", "core", "base"}


def too_long(path: Path, text: str) -> str:
    n_lines = len(text.splitlines())
    return f"{path} has {n_lines} lines; look for the two things it is" if n_lines > MOST_LINES else ""


def nameless(path: Path) -> str:
    wrong = [part for part in (*path.parts[:-1], path.stem) if part.strip("_").lower() in NAMELESS]
    return f"{path} says nothing by {', '.join(wrong)}; name the feature" if wrong else ""


def test_no_file_is_longer_than_two_things():
    files = {str(path.relative_to(SOURCE)): path for path in source_files()}
    wrong = [too_long(path, path.read_text(encoding="utf-8")) for name, path in files.items() if name not in LONGER]
    assert not any(wrong), "\n".join(filter(None, wrong))
    needless = [name for name in LONGER if name not in files or not too_long(files[name], files[name].read_text())]
    assert not needless, f"no longer too long: {needless}"


def test_every_file_is_named_by_its_feature():
    folders = [ROOT / "src", ROOT / "tests", ROOT / "benchmarks", ROOT / "examples"]
    files = [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*.py")]
    wrong = [nameless(path) for path in files]
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_the_rules_can_fail():
    assert "has 401 lines" in too_long(Path("long.py"), "x\n" * 401)
    assert too_long(Path("short.py"), "x\n" * 400) == ""
    assert nameless(Path("io/utils.py")) == "io/utils.py says nothing by utils; name the feature"
    assert nameless(Path("_helpers/load.py")) != ""
    assert nameless(Path("io/load.py")) == ""
