"""Compile the kernels into one shared object beside their sources: `python -m sonovox._kernels.build`.

The build hook of the package (`hatch_build.py`) runs this file by its path,
before the package can be imported: it needs nothing but Python.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["FOLDER", "KernelsNotBuilt", "OBJECT", "build", "digest_of_sources", "main"]

FOLDER = Path(__file__).parent
OBJECT = FOLDER / "libsonovox_kernels.so"  # under this name on macOS too: it is opened by its path
# No -march: what needs newer instructions asks the processor for them when it runs.
# Products and sums may be fused, which the torch reference does not need to match to the last bit.
FLAGS = ("-O3", "-std=gnu11", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=fast", "-fno-math-errno")


class KernelsNotBuilt(Exception):  # noqa: N818, the state that doctor tells
    """Why there is no object: no compiler, or what the compiler said."""


def build(folder: Path = FOLDER, target: Path | None = None) -> Path:
    """Compile all `*.c` of `folder` and return the path of the object.

    The compiler is the one that the environment variable CC names, else the
    first of cc, gcc, clang.

    Raises:
        KernelsNotBuilt: no compiler is there, or it fails.

    >>> build(Path("nowhere"))
    Traceback (most recent call last):
    sonovox._kernels.build.KernelsNotBuilt: there are no C sources in nowhere
    """
    target = target or folder / OBJECT.name
    sources = sorted(folder.glob("*.c"))
    if not sources:
        raise KernelsNotBuilt(f"there are no C sources in {folder}")
    digest = f'-DSONOVOX_SOURCES="{digest_of_sources(folder)}"'
    compiler = _compiler()
    try:
        # Built elsewhere and moved: a process that has the old object open keeps it whole.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building") as place:
            made = Path(place) / target.name
            command = [*compiler, *FLAGS, digest, *map(str, sources), "-o", str(made)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise KernelsNotBuilt(f"{compiler[0]} failed: {done.stderr.strip() or f'status {done.returncode}'}")
            made.replace(target)
    except OSError as error:
        raise KernelsNotBuilt(f"{error.strerror}: {error.filename}") from error
    return target


def digest_of_sources(folder: Path = FOLDER) -> str:
    """A hash of the C sources, which the object carries: one of other sources is not used.

    >>> len(digest_of_sources())
    16
    """
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.[ch]")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def main() -> int:
    """Build in place and say what was made; 1 where that fails."""
    try:
        made = build()
    except KernelsNotBuilt as reason:
        sys.stderr.write(f"{reason}\ninstall a C compiler (gcc or clang), or name one in CC\n")
        return 1
    sys.stdout.write(f"{made}\n")
    return 0


def _compiler() -> list[str]:
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        raise KernelsNotBuilt("there is no C compiler")
    return [found]


if __name__ == "__main__":
    raise SystemExit(main())
