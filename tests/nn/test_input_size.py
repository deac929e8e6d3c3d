import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.nn.input_size import resolve_input_size


def test_a_number_goes_before_a_shape():
    assert resolve_input_size(7, [None, None, 40]) == 7


def test_a_shape_tells_its_last_dimension_or_all_after_time():
    assert resolve_input_size(None, (8, None, 40, 3)) == 3
    assert resolve_input_size(None, (8, None, 40, 3), joined=True) == 120


def test_what_tells_nothing_is_refused():
    with pytest.raises(ArgumentError, match="in_channels or input_shape"):
        resolve_input_size(None, None, name="in_channels")
    with pytest.raises(ArgumentError, match="features come last"):
        resolve_input_size(None, [None, None, None])
