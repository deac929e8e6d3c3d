import hashlib

import pytest

from sonovox._internal.errors import ArgumentError, UntrustedCodeError
from sonovox.hub.trust import check_trust, run_trusted

CODE = b"x = 6 * 7"
DIGEST = "sha256:" + hashlib.sha256(CODE).hexdigest()


def check(trust, code=CODE):
    check_trust(code, trust, subject="custom.py", call='trust="{trust}"')


@pytest.mark.parametrize("trust", [DIGEST, DIGEST.upper()])
def test_the_hash_of_the_content_is_trust(trust):
    check(trust)


def test_without_it_the_words_to_add_are_told():
    with pytest.raises(UntrustedCodeError) as told:
        check(None)
    assert told.value.hint == f'read it, and if you trust it, add trust="{DIGEST}"'


@pytest.mark.parametrize("code", [CODE + b" ", b"", CODE[:-1]])
def test_one_byte_ends_it(code):
    with pytest.raises(UntrustedCodeError, match="is not the code that is trusted"):
        check(DIGEST, code)


@pytest.mark.parametrize("trust", [True, "yes", "*", DIGEST[:-1], DIGEST + "0", DIGEST[7:], "sha1:" + "0" * 64, 1, b""])
def test_nothing_else_is_trust(trust):
    with pytest.raises(ArgumentError, match="trust must be sha256: and 64 hexadecimal digits"):
        check(trust)


def test_what_is_run_is_what_was_compared(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("raise SystemError")
    monkeypatch.chdir(tmp_path)
    module = run_trusted(b"try:\n    import beside_of_foreign\nexcept ImportError:\n    found = False\n", "custom")
    assert module.found is False
