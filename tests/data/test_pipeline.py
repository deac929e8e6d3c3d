"""Pipelines: order, laziness, renaming, errors."""

import pytest

from sonovox._internal.errors import ArgumentError, AudioNotFoundError, ItemError, UnknownKeyError
from sonovox.data import DataPipeline, provides, takes
from sonovox.data.pipeline import as_mapping


def recording(log, name, result):
    def func(*args):
        log.append(name)
        return result(*args)

    return func


def test_functions_run_in_the_order_of_their_needs():
    log = []
    pipeline = DataPipeline(["x"], output_keys=["c"])
    pipeline.add_dynamic_item(recording(log, "c", lambda a, b: a + b), ["a", "b"], "c")
    pipeline.add_dynamic_item(recording(log, "b", lambda a: a * 10), "a", "b")
    pipeline.add_dynamic_item(recording(log, "a", lambda x: x + 1), "x", ["a"])
    assert pipeline.compute_outputs({"x": 1}) == {"c": 22}
    assert log == ["a", "b", "c"]
    assert pipeline.get_selected_node_ids(["b"]) == ["a", "b"]


def test_what_is_not_needed_is_not_computed():
    log = []
    pipeline = DataPipeline(["x"], output_keys=["a"])
    pipeline.add_dynamic_item(recording(log, "a", lambda x: x), "x", "a")
    pipeline.add_dynamic_item(recording(log, "b", lambda x: x), "x", "b")
    pipeline.compute_outputs({"x": 1})
    assert log == ["a"]


def test_a_generator_stops_at_the_last_key_that_anyone_needs():
    log = []

    @takes("x")
    @provides("a", "b", "c")
    def steps(x):
        for i in range(3):
            log.append(i)
            yield x + i

    pipeline = DataPipeline(["x"], [steps, {"func": abs, "takes": "b", "provides": "d"}])
    assert pipeline.compute_specific(["a", "d"], {"x": 5}) == {"a": 5, "d": 6}
    assert log == [0, 1]
    assert pipeline.compute_specific(["a"], {"x": 5}) == {"a": 5}
    assert log == [0, 1, 0]


def test_outputs_come_in_the_order_and_by_the_names_that_were_asked():
    pipeline = DataPipeline(["x", "y"], [{"func": abs, "takes": "x", "provides": "size"}])
    data = {"x": -3, "y": 0}
    assert list(pipeline.compute_specific(["size", "y", "x"], data).items()) == [("size", 3), ("y", 0), ("x", -3)]
    pipeline.set_output_keys({"magnitude": "size", "copy": "size"})
    assert pipeline.compute_outputs(data) == {"magnitude": 3, "copy": 3}


@pytest.mark.parametrize("keys", ["x", ["x"], {"x"}, {"x": "x"}])
def test_keys_are_given_in_several_ways(keys):
    assert as_mapping(keys) == {"x": "x"}


def test_one_key_may_be_given_as_text():
    assert DataPipeline("x", output_keys="x").compute_outputs({"x": 1}) == {"x": 1}


def test_a_function_may_provide_what_it_takes():
    """As the text pipelines of the tutorials do: they take "words" and yield "words" first."""

    @takes("words")
    @provides("words", "letters")
    def text_pipeline(words):
        words = words.upper()
        yield words
        yield list(words)

    pipeline = DataPipeline(["words"], [text_pipeline, {"func": len, "takes": "words", "provides": "count"}])
    outputs = pipeline.compute_specific(["words", "letters", "count"], {"words": "ab"})
    assert outputs == {"words": "AB", "letters": ["A", "B"], "count": 2}


def test_a_circle_is_refused_with_its_members():
    pipeline = DataPipeline(["x"])
    for taken, provided in [("a", "b"), ("b", "c"), ("c", "a")]:
        pipeline.add_dynamic_item(abs, taken, provided)
    with pytest.raises(ArgumentError, match=r"'a' depends on itself: builtins.abs needs builtins.abs"):
        pipeline.compute_specific(["a"], {"x": 1})


def test_an_unknown_key_is_refused_with_the_nearest():
    pipeline = DataPipeline(["words"], [{"func": len, "takes": "wrods", "provides": "count"}])
    with pytest.raises(UnknownKeyError, match=r"builtins.len takes 'wrods', .*did you mean words"):
        pipeline.compute_specific(["count"], {"words": "a"})
    with pytest.raises(KeyError, match=r"'coumt' is an output key, .*did you mean count"):
        pipeline.compute_specific(["coumt"], {"words": "a"})


def test_keys_may_be_told_later():
    pipeline = DataPipeline([], output_keys=["x"])
    pipeline.add_static_keys(["x"])
    assert pipeline.compute_outputs({"x": 1}) == {"x": 1}


def test_a_key_has_one_provider():
    pipeline = DataPipeline(["x"], [{"func": abs, "takes": "x", "provides": "a"}])
    with pytest.raises(ArgumentError, match=r"builtins.len provides 'a', which builtins.abs provides already"):
        pipeline.add_dynamic_item(len, "x", "a")
    with pytest.raises(ArgumentError, match=r'cannot provide "id"'):
        pipeline.add_dynamic_item(len, "x", "id")


def test_an_error_names_item_key_and_function_and_keeps_the_cause():
    def broken(x):
        raise ZeroDivisionError("no")

    pipeline = DataPipeline(["x"], [{"func": broken, "takes": "x", "provides": "sig"}])
    with pytest.raises(
        ItemError, match=r"item 'u7': .*broken could not compute 'sig': ZeroDivisionError: no"
    ) as caught:
        pipeline.compute_specific(["sig"], {"id": "u7", "x": 1})
    error = caught.value
    assert (error.item_id, error.key) == ("u7", "sig")
    assert error.function.endswith("broken")
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_the_hint_of_an_error_is_passed_on():
    def missing(x):
        raise AudioNotFoundError("there is no file a.wav", hint="look there")

    pipeline = DataPipeline(["x"], [{"func": missing, "takes": "x", "provides": "sig"}])
    with pytest.raises(ItemError, match=r"could not compute 'sig': there is no file a.wav; look there"):
        pipeline.compute_specific(["sig"], {"id": "u7", "x": 1})


def test_an_interrupt_is_no_error_of_an_item():
    def interrupted(x):
        raise KeyboardInterrupt

    pipeline = DataPipeline(["x"], [{"func": interrupted, "takes": "x", "provides": "sig"}])
    with pytest.raises(KeyboardInterrupt):
        pipeline.compute_specific(["sig"], {"x": 1})


def test_an_item_without_a_static_key_is_named():
    pipeline = DataPipeline(["x", "spk"], [{"func": len, "takes": "spk", "provides": "n"}])
    with pytest.raises(ItemError, match=r"item 'u1' has no 'spk', which builtins.len takes; it has id, x"):
        pipeline.compute_specific(["n"], {"id": "u1", "x": 1})


def test_a_copy_goes_its_own_way():
    pipeline = DataPipeline(["x"], output_keys=["x"])
    other = pipeline.copy()
    other.add_dynamic_item(abs, "x", "size")
    other.set_output_keys(["size"])
    assert pipeline.compute_outputs({"x": -1}) == {"x": -1}
    assert other.compute_outputs({"x": -1}) == {"size": 1}


class Kept:
    """A cache in a dictionary."""

    def __init__(self, *keys):
        self.keys = frozenset(keys)
        self.values = {}

    def get(self, item_id, key):
        return (item_id, key) in self.values, self.values.get((item_id, key))

    def put(self, item_id, key, value):
        self.values[item_id, key] = value


def test_cached_keys_are_computed_once_and_spare_what_is_before_them():
    log = []
    pipeline = DataPipeline(["x"], output_keys=["c"])
    pipeline.add_dynamic_item(recording(log, "a", lambda x: x + 1), "x", "a")
    pipeline.add_dynamic_item(recording(log, "b", lambda a: a + 1), "a", "b")
    pipeline.add_dynamic_item(recording(log, "c", lambda b: b + 1), "b", "c")
    pipeline.cache = Kept("b")
    assert [pipeline.compute_outputs({"id": "u1", "x": 0})["c"] for _ in range(3)] == [3, 3, 3]
    assert log == ["a", "b", "c", "c", "c"]
    assert pipeline.compute_outputs({"id": "u2", "x": 5}) == {"c": 8}
