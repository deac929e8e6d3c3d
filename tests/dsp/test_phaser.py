import pytest
import torch

from sonovox.dsp.phaser import phaser


def noise(*shape):
    return 0.1 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "phaser"):
        torch.testing.assert_close(phaser(**inputs, **call["kwargs"]), expected, rtol=1e-12, atol=1e-13)


def test_one_signal_needs_no_channel_axis():
    x = noise(2, 300)
    torch.testing.assert_close(phaser(x[0], 16000), phaser(x, 16000)[0])


def test_a_standing_delay_is_a_comb():
    """So slow a swing that the delay is one sample throughout: a recursion of first order."""
    x = noise(50)
    y = phaser(x, 16000, 1.0, 1.0, delay_ms=3.0, decay=0.4, mod_speed=1e-3)
    expected = x.clone()
    for t in range(1, 50):
        expected[t] += 0.4 * expected[t - 1]
    torch.testing.assert_close(y, expected)


def test_without_decay_it_is_a_gain():
    x = noise(100)
    torch.testing.assert_close(phaser(x, 16000, 0.5, 0.5, decay=0.0), 0.25 * x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delay_ms": 0.0}, "delay_ms must be at least half a sample, 0.0312 ms, got 0.0; raise it"),
        ({"decay": 1.0}, "decay must be below 1, got 1.0; from 1 on the feedback grows"),
        ({"mod_speed": 0.0}, "mod_speed must be positive, got 0.0; give it in Hz"),
        ({"sample_rate": -1}, "sample_rate must be positive, got -1"),
    ],
)
def test_numbers_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        phaser(torch.zeros(3), **{"sample_rate": 16000, **arguments})
