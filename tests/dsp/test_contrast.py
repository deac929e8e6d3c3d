import pytest
import torch

from sonovox.dsp.contrast import contrast


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "contrast"):
        torch.testing.assert_close(contrast(**inputs, **call["kwargs"]), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("amount", [0.0, 75.0, 100.0])
def test_keeps_the_ends_the_middle_and_the_sign(amount):
    x = torch.linspace(-1, 1, 201, dtype=torch.float64)
    y = contrast(x, amount)
    torch.testing.assert_close(y[[0, 100, 200]], torch.tensor([-1.0, 0.0, 1.0]).double(), rtol=0, atol=1e-15)
    torch.testing.assert_close(y, -y.flip(0), rtol=0, atol=1e-15)
    assert (y[101:] >= x[101:] - 1e-15).all()


@pytest.mark.parametrize("amount", [-1.0, 101.0, float("nan")])
def test_an_amount_out_of_range_is_refused(amount):
    with pytest.raises(ValueError, match=r"enhancement_amount must be from 0 to 100, got .*; 75 is the usual amount"):
        contrast(torch.zeros(3), amount)
