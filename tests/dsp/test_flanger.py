import pytest
import torch

from sonovox.dsp.flanger import flanger


def noise(*shape):
    return 0.1 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_equals_torchaudio(torchaudio_calls):
    """To 1e-5: torchaudio keeps the swing of the delay in float32, whose steps at 30 samples are 2e-6."""
    for call, inputs, expected, _ in torchaudio_calls("functional", "flanger"):
        torch.testing.assert_close(flanger(**inputs, **call["kwargs"]), expected, rtol=1e-5, atol=1e-5)


def test_one_signal_is_the_first_channel():
    x = noise(2, 700)
    torch.testing.assert_close(flanger(x[0], 16000, regen=30.0), flanger(x, 16000, regen=30.0)[0])


def test_channels_swing_one_after_the_other():
    x = noise(1, 3000).expand(2, -1)
    y = flanger(x, 16000, speed=10.0, phase=25.0)  # a period is 1600 samples, a quarter of it 400
    lone = flanger(torch.cat((torch.zeros(1200).double(), x[0])), 16000, speed=10.0)[1200:]
    torch.testing.assert_close(flanger(x, 16000, speed=10.0, phase=75.0)[1], lone)
    assert not torch.allclose(y[0], y[1])


def test_a_standing_delay_is_an_echo():
    x = noise(200)
    expected = torch.cat((x[:48], x[48:] + x[:-48])) / 2  # 3 ms
    torch.testing.assert_close(flanger(x, 16000, 3.0, 0.0, width=100.0), expected)


@pytest.mark.parametrize("interpolation", ["linear", "quadratic"])
def test_interpolation_is_exact_on_straight_lines(interpolation):
    ramp = torch.arange(2000, dtype=torch.float64) / 1e4
    y = flanger(ramp, 16000, speed=10.0, width=100.0, interpolation=interpolation)
    delays = (ramp - (2 * y - ramp))[100:] * 1e4
    assert 0 <= delays.min() < 0.01
    assert 31.99 < delays.max() <= 32 + 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delay": 31.0}, "delay must be from 0 to 30 ms, got 31.0"),
        ({"depth": -1.0}, "depth must be from 0 to 10 ms"),
        ({"regen": 96.0}, "regen must be from -95 to 95 percent"),
        ({"width": 101.0}, "width must be from 0 to 100 percent"),
        ({"speed": 0.0}, "speed must be from 0.1 to 10 Hz"),
        ({"phase": -1.0}, "phase must be from 0 to 100 percent"),
        ({"modulation": "triangle"}, "modulation must be one of .* did you mean triangular"),
        ({"interpolation": "cubic"}, "interpolation must be one of linear, quadratic, got 'cubic'"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        flanger(torch.zeros(3), 16000, **arguments)
