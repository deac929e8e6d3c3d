import errno
import os
import stat
import threading
import time

import pytest

from sonovox._internal import files
from sonovox._internal.errors import ArgumentError, WriteError

OLD, NEW = b"the old content", b"the new content, which is longer"


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(OLD)
    return path


class Killed(BaseException):
    """Stands for a signal: nothing but `finally` runs after it."""


def fail_at(monkeypatch, calls, n, error):
    """Make the n-th call of any of the functions `calls` of `os` raise; a list of the names called so far."""
    made = []

    def watch(name, function):
        def call(*args, **kwargs):
            made.append(name)
            if len(made) == n:
                raise error
            return function(*args, **kwargs)

        return call

    for name in calls:
        monkeypatch.setattr(os, name, watch(name, getattr(os, name)))
    return made


STEPS = ["open", "fsync", "close", "chmod", "replace"]


def steps_of_a_write(target, monkeypatch):
    with monkeypatch.context() as patch:
        made = fail_at(patch, STEPS, -1, None)
        files.write_bytes(target, NEW)
    target.write_bytes(OLD)
    return made


def test_a_write_makes_the_steps_in_the_order_that_survives_a_power_cut(target, monkeypatch):
    steps = steps_of_a_write(target, monkeypatch)
    # the content reaches the disk, then its name, then the folder that holds the name
    assert steps[-7:] == ["open", "fsync", "close", "replace", "open", "fsync", "close"]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), Killed()], ids=["error", "killed"])
def test_a_failure_at_any_step_leaves_a_whole_file_and_no_other(target, monkeypatch, error):
    steps = steps_of_a_write(target, monkeypatch)
    renamed_at = steps.index("replace") + 1
    for n in range(1, len(steps) + 1):
        target.write_bytes(OLD)
        raised = None
        with monkeypatch.context() as patch:
            fail_at(patch, STEPS, n, error)
            try:
                files.write_bytes(target, NEW)
            except (WriteError, Killed) as failure:
                raised = failure
        assert target.read_bytes() == (OLD if n <= renamed_at else NEW), steps[n - 1]
        assert list(target.parent.iterdir()) == [target], steps[n - 1]
        # What follows the rename only makes it last; a file system that cannot do that is left alone.
        assert (raised is None) == (n > renamed_at and not isinstance(error, Killed))


def test_a_kill_that_even_stops_the_tidying_leaves_the_old_file(target, monkeypatch):
    with monkeypatch.context() as patch:
        fail_at(patch, ["fsync"], 1, Killed())
        patch.setattr(os, "unlink", lambda *args, **kwargs: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            files.write_bytes(target, NEW)
    assert target.read_bytes() == OLD
    (left,) = set(target.parent.iterdir()) - {target}
    assert left.name.startswith(".weights.")
    assert left.suffix == ".bin"


def test_an_error_inside_the_block_leaves_the_old_file(target):
    def write_half():
        with files.atomic_write(target) as file:
            file.write(NEW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]


def test_a_full_disk_is_told_with_the_file_and_the_remedy(target, monkeypatch):
    fail_at(monkeypatch, ["fsync"], 1, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(
        WriteError, match=r"weights.bin: No space left on device; nothing was changed there; free space"
    ):
        files.write_bytes(target, NEW)
    assert target.read_bytes() == OLD


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
def test_a_device_that_is_full_is_told_as_well():
    with pytest.raises(WriteError, match="cannot write /dev/full: No space left"):
        files.write_bytes("/dev/full", NEW)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "other.wav"),
        TimeoutError(errno.ETIMEDOUT, "timed out"),
        ConnectionResetError("reset"),
        ArgumentError("wrong"),
    ],
)
def test_errors_of_the_block_about_something_else_pass_unchanged(target, error):
    with pytest.raises(type(error)) as caught, files.atomic_write(target):
        raise error
    assert caught.value is error


def test_a_folder_cannot_be_written(tmp_path):
    with pytest.raises(WriteError, match="it is a folder; give a file name inside it"):
        files.write_bytes(tmp_path, NEW)


def test_a_file_in_the_place_of_a_parent_folder_is_told(target):
    with pytest.raises(WriteError, match=r"cannot write .*weights.bin.below: (Not a directory|File exists)"):
        files.write_bytes(target / "below", NEW)
    assert target.read_bytes() == OLD


def test_a_folder_that_may_not_be_entered_is_told(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(WriteError, match="Permission denied"):
        files.write_bytes(tmp_path / "new" / "file", NEW)


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(WriteError, match="File name too long"):
        files.write_bytes(tmp_path / ("n" * 300), NEW)


@pytest.mark.parametrize("name", ["n" * 251 + ".txt", "名" * 83 + ".txt"])
def test_the_longest_possible_name_is_written(tmp_path, name):
    files.write_bytes(tmp_path / name, NEW)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_missing_parent_folders_are_made(tmp_path):
    files.write_text(tmp_path / "a" / "b" / "c.txt", "deep")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "deep"


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(target):
    link = target.with_name("link.bin")
    link.symlink_to(target.name)
    files.write_bytes(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


def test_a_dangling_link_gets_its_target(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("not-yet-there")
    files.write_bytes(link, NEW)
    assert link.is_symlink()
    assert (tmp_path / "not-yet-there").read_bytes() == NEW


def test_a_link_to_itself_is_told(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(WriteError, match=r"cannot write .*loop: Too many levels of symbolic links"):
        files.write_bytes(tmp_path / "loop", NEW)


def test_a_device_is_written_directly_and_stays():
    files.write_bytes(os.devnull, NEW)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


def test_a_pipe_is_written_directly(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_bytes(pipe, NEW)
    assert os.read(reader, 100) == NEW
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        files.write_bytes(tmp_path / "new", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == mode


def test_a_replaced_file_keeps_its_permissions(target):
    target.chmod(0o600)
    files.write_bytes(target, NEW)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    files.write_text(tmp_path / "text", "é\n")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa9\n"
    with files.atomic_write(tmp_path / "latin", "w", encoding="latin-1") as file:
        file.write("é\n")
    assert (tmp_path / "latin").read_bytes() == b"\xe9\n"


def test_a_relative_path_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write_text("here.txt", "here")
    assert (tmp_path / "here.txt").read_text() == "here"


def test_other_modes_are_refused(target):
    with pytest.raises(ArgumentError, match="mode must be 'wb' or 'w', got 'a'"), files.atomic_write(target, "a"):
        pass


def test_the_temporary_name_is_beside_the_target_and_keeps_its_suffix(target):
    with files.atomic_path(target) as temporary:
        temporary.write_bytes(NEW)
    assert (temporary.parent, temporary.suffix) == (target.parent, ".bin")
    assert target.read_bytes() == NEW


def test_a_block_that_writes_nothing_is_told(target):
    with pytest.raises(WriteError, match="No such file"), files.atomic_path(target):
        pass
    assert target.read_bytes() == OLD


def test_move_into_place_replaces_and_keeps_the_source_when_it_cannot(target, tmp_path):
    finished = tmp_path / "download.part"
    finished.write_bytes(NEW)
    with pytest.raises(WriteError, match=r"cannot write .*; .*download.part is kept"):
        files.move_into_place(finished, target / "below")
    files.move_into_place(finished, target)
    assert target.read_bytes() == NEW
    assert not finished.exists()


def test_sync_folder_leaves_folders_alone_that_cannot_be_flushed(tmp_path):
    files.sync_folder(tmp_path / "absent")


def test_what_the_system_says_is_told_of_the_file_and_other_errors_pass(tmp_path):
    with pytest.raises(WriteError, match=r"cannot write .*/x: No space left on device"), files.told_of(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    already = WriteError("told")
    with pytest.raises(WriteError) as caught, files.told_of(tmp_path / "x"):
        raise already
    assert caught.value is already
    with pytest.raises(ZeroDivisionError), files.told_of(tmp_path / "x"):
        raise ZeroDivisionError


def test_lines_are_appended_and_a_torn_one_ends(tmp_path):
    log = tmp_path / "new" / "log.txt"
    files.append_line(log, "one")
    with log.open("a") as file:
        file.write("tw")
    files.append_line(log, "drei ä")
    assert log.read_text(encoding="utf-8") == "one\ntw\ndrei ä\n"


@pytest.mark.parametrize("pieces", [2, 7])
def test_lines_stay_whole_where_the_system_writes_them_in_pieces(tmp_path, monkeypatch, pieces):
    write = os.write

    def write_some(descriptor, data):
        time.sleep(0.001)  # lets the other threads look at what stands there
        return write(descriptor, data[: max(len(data) // pieces, 1)])

    monkeypatch.setattr(os, "write", write_some)
    log = tmp_path / "log.txt"
    threads = [
        threading.Thread(target=lambda n=n: [files.append_line(log, f"{n}{'y' * 50}") for _ in range(3)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert sorted(log.read_text().splitlines()) == sorted(f"{n}{'y' * 50}" for n in range(4) for _ in range(3))


def test_a_line_that_cannot_be_appended_names_its_file(tmp_path):
    with pytest.raises(WriteError, match=f"cannot write {tmp_path}"):
        files.append_line(tmp_path, "line")
