import pytest

from sonovox._internal.errors import HParamsError
from sonovox.hparams.call import Arguments, call, check_arguments
from sonovox.hparams.document import Document, Mapping, Place

NODE = Mapping(Place(Document("x.yaml"), 2, 1), "", {}, {"wat": Place(Document("x.yaml"), 9, 1)})


def function(a, b=2, /, c=3, *, size):
    if size < 0:
        raise ValueError("size must not be negative\nand more")
    return (a, b, c, size)


def run(function, args, kwargs):
    return function(*args, **kwargs)


def called(*args, **kwargs):
    return call(function, "f", Arguments(list(args), kwargs), NODE, "k", run=run, largest={"size": 100})


def test_arguments_reach_the_function():
    assert called(1, size=4) == (1, 2, 3, 4)
    assert called(1, 5, 6, size=4) == (1, 5, 6, 4)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {"size": 1}, "x.yaml:2: k: f needs a"),
        ((), {}, "k: f needs a, size"),
        ((1,), {"size": 1, "siz": 2}, "k.siz: f has no argument 'siz'; did you mean size?"),
        ((1,), {"size": 1, "wat": 2}, "x.yaml:9: k.wat: f has no argument 'wat'; it takes c, size"),
        ((1, 2, 3, 4), {"size": 1}, "f takes at most 3 arguments without names, got 4"),
        ((1, 2, 3), {"size": 1, "c": 2}, "f gets c twice: in the list and by name"),
        ((1,), {"size": 1000}, "f takes size up to 100 here, got 1000"),
        ((1,), {"size": -1}, "f failed: ValueError: size must not be negative"),
    ],
)
def test_wrong_arguments_are_told(args, kwargs, said):
    with pytest.raises(HParamsError) as caught:
        called(*args, **kwargs)
    assert said in str(caught.value)
    assert "and more" not in str(caught.value)


def test_the_error_of_a_function_is_chained():
    with pytest.raises(HParamsError) as caught:
        called(1, size=-1)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_part_of_the_arguments_is_enough_for_a_name():
    check_arguments(function, "f", Arguments([], {"size": 3}), NODE, "k", all_=False)
    check_arguments(dict.get, "get", Arguments([1], {}), NODE, "k", all_=False)
