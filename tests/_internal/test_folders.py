import contextlib
import errno
import hashlib
import os

import pytest

from sonovox._internal.errors import ArgumentError, WriteError
from sonovox._internal.folders import FolderWriter, atomic_folder, clear_leftovers, remove_folder

OLD, NEW = {"a": b"old"}, {"a": b"new a", "b": b"", "deep/er/c": b"c" * 1000}
STEPS = ["mkdir", "open", "write", "fsync", "close", "rename", "unlink", "rmdir"]


class Killed(BaseException):
    """Stands for a signal; nothing that comes after it may touch the disk."""


def fill(path, content):
    with atomic_folder(path) as folder:
        for name, data in content.items():
            folder.write(name, [data])


def content_of(path):
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def break_at(monkeypatch, n, error, *, for_good):
    """The n-th call of `os` raises; `for_good`: so do all that follow, as when the process is gone."""
    made = []

    def watch(name, function):
        def call(*args, **kwargs):
            made.append(name)
            if len(made) == n or (for_good and len(made) > n > 0):
                raise error
            return function(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, watch(name, getattr(os, name)))
    return made


def test_a_folder_appears_whole_and_alone(tmp_path):
    with atomic_folder(tmp_path / "x") as folder:
        assert folder.write("a", [b"new", b" ", b"a"]) == hashlib.sha256(b"new a").hexdigest()
        assert not (tmp_path / "x").exists()
        folder.write("deep/er/c", [memoryview(b"c")])
    assert content_of(tmp_path / "x") == {"a": b"new a", "deep/er/c": b"c"}
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_the_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        steps = break_at(patch, 0, None, for_good=False)
        fill(tmp_path / "x", {"a": b"data"})
    file, names, shown = ["open", "write", "fsync", "close"], ["open", "fsync", "close"], ["rename"]
    assert steps == ["mkdir", "mkdir", *file, *names, *shown, *names]


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("gone", [True, False], ids=["killed", "error"])
def test_a_failure_at_any_step_leaves_the_old_or_the_new_folder_whole(tmp_path, monkeypatch, replaces, gone):
    target = tmp_path / "x"
    error = Killed() if gone else OSError(errno.ENOSPC, "No space left on device")

    def reset():
        clear_leftovers(tmp_path, "x")
        if target.exists():
            remove_folder(target)
        if replaces:
            fill(target, OLD)

    reset()
    with monkeypatch.context() as patch:
        steps = break_at(patch, 0, None, for_good=False)
        fill(target, NEW)
    for n in range(1, len(steps) + 1):
        reset()
        with monkeypatch.context() as patch:
            break_at(patch, n, error, for_good=gone)
            with contextlib.suppress(Killed, WriteError):
                fill(target, NEW)
        clear_leftovers(tmp_path, "x")
        found = content_of(target) if target.exists() else None
        assert found in ([OLD, NEW] if replaces else [None, NEW]), (n, steps[n - 1])
        assert set(tmp_path.iterdir()) <= {target}, (n, steps[n - 1])


def test_a_removal_that_is_broken_off_leaves_all_or_nothing(tmp_path, monkeypatch):
    target = tmp_path / "x"
    fill(target, NEW)
    with monkeypatch.context() as patch:
        steps = break_at(patch, 0, None, for_good=False)
        remove_folder(target)
    assert not list(tmp_path.iterdir())
    for n in range(1, len(steps) + 1):
        fill(target, NEW)
        with monkeypatch.context() as patch:
            break_at(patch, n, Killed(), for_good=True)
            with pytest.raises(Killed):
                remove_folder(target)
        clear_leftovers(tmp_path, "x")
        assert not target.exists() or content_of(target) == NEW, (n, steps[n - 1])
        if target.exists():
            remove_folder(target)


def test_an_error_in_the_block_leaves_the_old_folder(tmp_path):
    fill(tmp_path / "x", OLD)

    def write_half():
        with atomic_folder(tmp_path / "x") as folder:
            folder.write("a", [b"half"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert content_of(tmp_path / "x") == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_full_disk_is_told_with_the_file(tmp_path, monkeypatch):
    break_at(monkeypatch, 3, OSError(errno.ENOSPC, "No space left on device"), for_good=False)
    with pytest.raises(WriteError, match=r"cannot write .*/x/a: No space left on device; nothing was changed"):
        fill(tmp_path / "x", {"a": b"data"})


@pytest.mark.parametrize("name", ["../a", "/a", "", "a//b", "a/../b", "."])
def test_a_file_cannot_leave_its_folder(tmp_path, name):
    with pytest.raises(ArgumentError, match="cannot have the name"):
        FolderWriter(tmp_path, tmp_path).write(name, [b"x"])
    assert not list(tmp_path.iterdir())


def test_leftovers_of_other_names_and_plain_hidden_files_stay(tmp_path):
    for name in (".x+1.12ab.new", ".x+2.12ab.removed", ".y.12ab.new", ".x+3.note"):
        (tmp_path / name).mkdir()
    (tmp_path / ".x+4.12ab.replaced").mkdir()
    (tmp_path / ".x+5.12ab.replaced").mkdir()
    (tmp_path / "x+5").mkdir()
    clear_leftovers(tmp_path, "x+")
    assert {p.name for p in tmp_path.iterdir()} == {".y.12ab.new", ".x+3.note", "x+4", "x+5"}


def test_what_cannot_be_removed_is_told_and_stands(tmp_path):
    with pytest.raises(WriteError, match="No such file"):
        remove_folder(tmp_path / "absent")
