import pytest
import torch

from sonovox._internal.checks import check_choice, check_floating, check_positive, check_time_axis, did_you_mean
from sonovox._internal.errors import ArgumentError, ChoiceError


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("slany", "did you mean slaney?"),
        ("SLANEY", "did you mean slaney?"),
        ("Htk", "did you mean HTK?"),
        ("something else", ""),
        ("", ""),
    ],
)
def test_did_you_mean_finds_the_nearest_whatever_the_case(word, suggestion):
    assert did_you_mean(word, ["HTK", "slaney"]) == suggestion


def test_check_choice_accepts_known_names_of_any_iterable():
    check_choice("scale", "htk", iter(["htk", "slaney"]))


def test_check_choice_names_argument_choices_value_and_the_nearest():
    with pytest.raises(ChoiceError, match=r"^scale must be one of htk, slaney, got 'slany'; did you mean slaney\?$"):
        check_choice("scale", "slany", ["htk", "slaney"])
    with pytest.raises(ChoiceError, match=r"^scale must be one of htk, got None$"):
        check_choice("scale", None, ["htk"])


@pytest.mark.parametrize("value", [0, -1, -0.5, float("nan"), float("-inf")])
def test_check_positive_refuses(value):
    with pytest.raises(ArgumentError, match=r"^rate must be positive, got .*; give it in Hz$"):
        check_positive("rate", value, unit="in Hz")


def test_check_positive_accepts_and_has_no_hint_without_a_unit():
    check_positive("rate", 1e-9)
    with pytest.raises(ArgumentError, match=r"^rate must be positive, got 0$"):
        check_positive("rate", 0)


@pytest.mark.parametrize(
    ("dtype", "remedy"),
    [(torch.int16, "x.float() / 32768"), (torch.uint8, "(x.float() - 128) / 128"), (torch.bool, "x.float()")],
)
def test_check_floating_names_dtype_and_conversion(dtype, remedy):
    with pytest.raises(ArgumentError) as caught:
        check_floating("waveform", torch.zeros(3, dtype=dtype))
    assert caught.value.message == f"waveform must be floating point, got {str(dtype).removeprefix('torch.')}"
    assert caught.value.hint == f"convert it, for example {remedy}"


def test_check_floating_takes_complex_only_where_it_is_allowed():
    check_floating("x", torch.zeros(3, dtype=torch.bfloat16))
    check_floating("x", torch.zeros(3, dtype=torch.complex64), allow_complex=True)
    with pytest.raises(ArgumentError, match="got complex64"):
        check_floating("x", torch.zeros(3, dtype=torch.complex64))


def test_check_time_axis_refuses_a_scalar():
    check_time_axis("waveform", torch.zeros(0))
    with pytest.raises(ArgumentError, match=r"waveform must have a time axis \(..., time\), got a scalar"):
        check_time_axis("waveform", torch.tensor(1.0))
