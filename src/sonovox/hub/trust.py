"""Code that a model folder brings: run only where the caller names the hash of exactly this code.

Trust is an argument of a call. It is read from no file, no environment variable
and no cache, and ends with the call; a file that changes by one byte is not trusted any more.
"""

import hashlib
import importlib.util
import re
import tempfile
from pathlib import Path
from types import ModuleType

from sonovox._internal.errors import ArgumentError, UntrustedCodeError
from sonovox._internal.files import write_bytes

__all__ = ["check_trust", "run_trusted"]

_TRUST = re.compile(r"sha256:[0-9a-f]{64}")


def check_trust(code: bytes, trust: str | None, *, subject: str, call: str) -> None:
    """Refuse code that is not the one that the caller trusts.

    Args:
        code: the content of the file.
        trust: `"sha256:"` and the hash of the content, in hexadecimal; None trusts nothing.
        subject: what the file is called in the message.
        call: how trust is given, with `{trust}` in it where the hash belongs.

    Raises:
        UntrustedCodeError: no trust was given, or it is for another content; the hint has the words to add.
        ArgumentError: trust that is no hash, such as True.

    >>> check_trust(b"print(1)", None, subject="custom.py", call='trust="{trust}"')
    Traceback (most recent call last):
    sonovox._internal.errors.UntrustedCodeError: custom.py is a stranger's code, which is not run; read it, and if \
you trust it, add trust="sha256:d287bb7f9d15abdc5b6e98536263815744b6ef21c8f3c839fc434ca70d8efe99"
    """
    found = "sha256:" + hashlib.sha256(code).hexdigest()
    remedy = f"read it, and if you trust it, add {call.format(trust=found)}"
    if trust is None:
        raise UntrustedCodeError(f"{subject} is a stranger's code, which is not run", hint=remedy)
    if not isinstance(trust, str) or not _TRUST.fullmatch(trust.lower()):
        raise ArgumentError(f"trust must be sha256: and 64 hexadecimal digits, got {trust!r}", hint=remedy)
    if trust.lower() != found:
        raise UntrustedCodeError(f"{subject} is not the code that is trusted: it has {found}, not {trust}", hint=remedy)


def run_trusted(code: bytes, name: str) -> ModuleType:
    """The module that `code` makes when it is run; for code that `check_trust` has let pass.

    The very bytes that were compared are run, whatever stands in the file by now, and
    nothing beside it can be imported.

    Args:
        code: the content of a Python file.
        name: of the module; it does not become importable.

    >>> run_trusted(b"x = 6 * 7", "answer").x
    42
    """
    with tempfile.TemporaryDirectory() as folder:  # which nobody else can write
        path = Path(folder) / f"{name}.py"
        write_bytes(path, code)
        spec = importlib.util.spec_from_file_location(f"sonovox_trusted_{name}", path)
        if spec is None or spec.loader is None:
            raise ArgumentError(f"{name} is no name of a module", hint="it must be a Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
