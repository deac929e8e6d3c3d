import pytest
import torch

from sonovox.dsp.vol import Vol


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "Vol"):
        torch.testing.assert_close(Vol(**call["constructor"])(inputs["waveform"]), expected, rtol=1e-9, atol=1e-12)


def test_six_decibels_are_a_factor_of_two_and_a_power_of_four():
    wave = torch.tensor([0.1, -0.2])
    for gain in (Vol(2.0), Vol(20 * torch.tensor(2.0).log10().item(), "db"), Vol(4.0, "power")):
        torch.testing.assert_close(gain(wave), 2 * wave)


def test_full_scale_is_the_limit():
    assert Vol(10.0)(torch.tensor([0.5, -0.5])).tolist() == [1.0, -1.0]


def test_a_negative_factor_is_refused():
    with pytest.raises(ValueError, match=r"must not be negative for gain_type='power', got -3.0; use gain_type='db'"):
        Vol(-3.0, "power")
