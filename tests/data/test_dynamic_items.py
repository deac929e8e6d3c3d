"""Functions with the keys that they take and provide."""

import pickle

import pytest

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data.dynamic_items import DynamicItem, as_dynamic_item, provides, takes


@takes("text")
@provides("words", "count")
def split(text):
    """Splits."""
    words = text.split()
    yield words
    yield len(words)


def test_a_decorated_function_still_is_a_function():
    assert list(split("a b")) == [["a", "b"], 2]
    assert split.__doc__ == "Splits."


@pytest.mark.parametrize("order", [0, 1])
def test_decorators_work_in_either_order(order):
    pair = [takes("a"), provides("b")]
    item = pair[order](pair[1 - order](lambda a: a))
    assert (item.takes, item.provides) == (("a",), ("b",))


def test_a_decorated_function_pickles_by_its_name():
    assert pickle.loads(pickle.dumps(split)) is split  # noqa: S301


def test_a_function_with_keys_of_its_own_pickles_whole():
    item = pickle.loads(pickle.dumps(as_dynamic_item(len, "text", "size")))  # noqa: S301
    assert (item.func, item.takes, item.provides) == (len, ("text",), ("size",))


def test_a_generator_is_advanced_no_further_than_asked():
    seen = []

    def steps(x):
        seen.append(1)
        yield x
        seen.append(2)
        yield x + 1

    item = DynamicItem(steps, ["x"], ["a", "b"])
    assert item.compute([5], item.yields_for("a")) == {"a": 5}
    assert seen == [1]
    assert item.compute([5], item.yields_for("b")) == {"a": 5, "b": 6}


def test_a_generator_that_is_not_finished_is_closed():
    seen = []

    def steps():
        try:
            yield 1
            yield 2
        finally:
            seen.append("closed")

    DynamicItem(steps, [], ["a", "b"]).compute([], 1)
    assert seen == ["closed"]


def test_a_group_of_keys_is_one_yield():
    def steps(x):
        yield x
        yield x + 1, x + 2

    item = DynamicItem(steps, ["x"], ["a", ["b", "c"]])
    assert item.keys == ("a", "b", "c")
    assert item.yields_for("c") == 2
    assert item.compute([1], 2) == {"a": 1, "b": 2, "c": 3}


def test_a_returned_tuple_is_shared_out():
    assert DynamicItem(lambda x: (x, -x), ["x"], ["a", "b"]).compute([1], 1) == {"a": 1, "b": -1}
    assert DynamicItem(lambda x: (x, -x), ["x"], ["pair"]).compute([1], 1) == {"pair": (1, -1)}


@pytest.mark.parametrize(
    ("func", "provided", "said"),
    [
        (lambda x: (x,), ["a", "b"], "a tuple of 2 values was expected for \\('a', 'b'\\), got tuple of 1"),
        (lambda x: x, ["a", "b"], "a tuple of 2 values was expected for .*, got int"),
        ((lambda x: (yield x)), ["a", "b"], "2 values were expected for \\('a', 'b'\\), it yielded 1"),
        ((lambda x: (yield x)), [["a", "b"]], "a tuple of 2 values was expected"),
    ],
)
def test_another_number_of_values_is_refused(func, provided, said):
    with pytest.raises(DataError, match=said):
        DynamicItem(func, ["x"], provided).compute([1], len(provided))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((len,), "must provide a key"),
        ((lambda a, b=1: a, None, "c"), "needs a and takes no keys"),
        ((split, "text", None), "has its keys already"),
        (
            ({"func": len, "take": "x", "provides": "y"},),
            "must have func, takes and provides, got func, take, provides",
        ),
        (("read", "x", "y"), "func must be a function, got str"),
        ((len, "x", ["a", "a"]), "a key can be provided once"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(given, said):
    with pytest.raises(ArgumentError, match=said):
        as_dynamic_item(*given)


def test_decorating_twice_is_refused():
    with pytest.raises(ArgumentError, match="already takes text"):
        takes("other")(split)
    with pytest.raises(ArgumentError, match="already provides words, count"):
        provides("other")(split)


def test_a_function_may_need_nothing():
    assert as_dynamic_item({"func": lambda: 3, "provides": "three"}).compute([], 1) == {"three": 3}
