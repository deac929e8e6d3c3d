import copy
import pickle
import re

import pytest

from sonovox._internal import errors
from sonovox._internal.errors import AudioNotFoundError, ChoiceError, OfflineError, SonovoxError, WriteError

CLASSES = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("cls", CLASSES)
def test_message_and_hint_survive_pickling_and_copying(cls):
    error = cls("rate must be positive, got -1", hint="give it in Hz")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert type(twin) is cls
        assert (twin.message, twin.hint) == (error.message, error.hint)
        assert str(twin) == "rate must be positive, got -1; give it in Hz"


@pytest.mark.parametrize("cls", CLASSES)
def test_without_a_hint_the_text_is_the_message(cls):
    assert str(cls("it is so")) == "it is so"
    assert cls("it is so").args == ("it is so",)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (AudioNotFoundError, FileNotFoundError),
        (ChoiceError, ValueError),
        (OfflineError, ConnectionError),
        (WriteError, OSError),
        (errors.MissingDependencyError, ImportError),
        (errors.NotInSourceError, LookupError),
        (errors.NonFiniteAudioError, ValueError),
    ],
)
def test_the_builtin_kind_catches_it(cls, builtin):
    with pytest.raises(builtin, match="gone; look elsewhere"):
        raise cls("gone", hint="look elsewhere")


def test_every_error_is_a_sonovox_error_and_every_warning_a_sonovox_warning():
    for name in errors.__all__:
        base = SonovoxError if name.endswith("Error") else errors.SonovoxWarning
        assert issubclass(getattr(errors, name), base)


def test_the_drawing_shows_every_class_at_its_place():
    drawn, path = {}, []
    for line in errors.__doc__.splitlines():
        found = re.match(r"    ((?:[│ ]   )*(?:[├└]── )?)(Sonovox\w+|\w+(?:Error|Warning))(?: \((\w+)\))?", line)
        if found:
            depth = len(found[1]) // 4
            path = [*path[:depth], found[2]]
            drawn[found[2]] = [name for name in (path[depth - 1] if depth else None, found[3]) if name]
    assert sorted(drawn) == errors.__all__
    for name, bases in drawn.items():
        actual = [base.__name__ for base in getattr(errors, name).__bases__ if base is not Exception]
        assert actual == bases, name
