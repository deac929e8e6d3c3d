import sonovox
from sonovox import errors
from sonovox._internal import errors as home


def test_the_face_has_every_error():
    assert errors.__all__ == home.__all__
    assert all(getattr(errors, name) is getattr(home, name) for name in home.__all__)


def test_the_package_offers_the_face():
    assert sonovox.errors is errors
