import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.overdrive import overdrive


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "overdrive"):
        torch.testing.assert_close(overdrive(**inputs, **call["kwargs"]), expected, rtol=1e-11, atol=1e-12)


def test_is_differentiable_where_torchaudio_is_not():
    x = (0.1 * torch.randn(2, 60, dtype=torch.float64, generator=torch.Generator().manual_seed(0))).requires_grad_()
    assert gradcheck(lambda x: overdrive(x, 6.0, 30.0), x)


@pytest.mark.parametrize(("colour", "has_even"), [(0, False), (50, True)])
def test_colour_brings_even_harmonics(colour, has_even):
    tone = 0.1 * torch.sin(2 * torch.pi * 400 * torch.arange(16000, dtype=torch.float64) / 16000)
    second_half = overdrive(tone, 20, colour)[8000:]  # where the filter against DC has settled
    levels = torch.fft.rfft(second_half).abs()[::200][:4] / 4000  # DC, 400, 800 and 1200 Hz
    assert levels[1] > 0.1
    assert levels[3] > 0.01
    assert (levels[2] > 0.01) == has_even


@pytest.mark.parametrize(("arguments", "name"), [((101, 20), "gain"), ((20, -1), "colour")])
def test_numbers_out_of_range_are_refused(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be from 0 to 100, got .*; 20 is the usual value"):
        overdrive(torch.zeros(3), *arguments)
