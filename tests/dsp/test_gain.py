import pytest
import torch

from sonovox.dsp.gain import gain


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "gain"):
        torch.testing.assert_close(gain(**inputs, **call["kwargs"]), expected, rtol=1e-14, atol=1e-15)


def test_twenty_decibels_are_a_factor_of_ten_and_gains_add():
    x = torch.tensor([0.01, -0.5], dtype=torch.float64)
    torch.testing.assert_close(gain(x, 20.0), 10 * x)
    torch.testing.assert_close(gain(gain(x, 3.0), -3.0), x)


def test_integers_are_refused():
    with pytest.raises(ValueError, match="waveform must be floating point, got uint8"):
        gain(torch.zeros(3, dtype=torch.uint8))
