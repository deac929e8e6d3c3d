import pytest
import torch

from sonovox.dsp.dcshift import dcshift


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "dcshift"):
        torch.testing.assert_close(dcshift(**inputs, **call["kwargs"]), expected, rtol=1e-12, atol=1e-13)


def test_the_input_is_not_changed():
    x = torch.linspace(-1, 1, 50)
    before = x.clone()
    dcshift(x, 0.5, 0.05)
    dcshift(x, -0.5, 0.05)
    assert torch.equal(x, before)


def test_downward_mirrors_upward():
    x = torch.linspace(-1, 1, 101, dtype=torch.float64)
    torch.testing.assert_close(dcshift(x, -0.4, 0.1), -dcshift(-x, 0.4, 0.1), rtol=0, atol=0)


def test_no_shift_is_no_change():
    x = torch.linspace(-1, 1, 11)
    assert torch.equal(dcshift(x, 0.0, 0.1), x)


@pytest.mark.parametrize(
    ("shift", "limiter_gain", "message"),
    [
        (2.5, None, "shift must be from -2 to 2, got 2.5; full scale is 1"),
        (0.3, 0.3, r"limiter_gain must be at least 0 and below \|shift\| = 0.3, got 0.3; leave it out to clip"),
        (-0.3, -0.1, r"limiter_gain must be at least 0"),
    ],
)
def test_numbers_out_of_range_are_refused(shift, limiter_gain, message):
    with pytest.raises(ValueError, match=message):
        dcshift(torch.zeros(3), shift, limiter_gain)
