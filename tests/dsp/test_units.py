import numpy as np
import pytest
import torch

from sonovox.dsp.units import AmplitudeToDB, DB_to_amplitude, amplitude_to_DB


def test_known_decibels():
    x = torch.tensor([1.0, 10.0, 0.5, 0.0], dtype=torch.float64)
    expected = 10 * np.log10([1.0, 10.0, 0.5, 1e-10])
    np.testing.assert_allclose(amplitude_to_DB(x, 10.0, 1e-10, 0.0).numpy(), expected)
    np.testing.assert_allclose(amplitude_to_DB(x, 10.0, 1e-10, 2.0).numpy(), expected - 20.0)


def test_there_and_back():
    x = torch.rand(5, 100, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.01
    for multiplier, power in ((10.0, 1.0), (20.0, 0.5)):
        decibels = amplitude_to_DB(x, multiplier, 1e-10, np.log10(3.0))
        torch.testing.assert_close(DB_to_amplitude(decibels, 3.0, power), x)


@pytest.mark.parametrize("name", ["amplitude_to_DB", "DB_to_amplitude"])
def test_functions_equal_torchaudio(torchaudio_calls, name):
    function = {"amplitude_to_DB": amplitude_to_DB, "DB_to_amplitude": DB_to_amplitude}[name]
    for call, inputs, expected, single in torchaudio_calls("functional", name):
        torch.testing.assert_close(function(**inputs, **call["kwargs"]), expected, rtol=1e-11, atol=1e-11)
        # 10 ** (x / 10) multiplies the rounding of x by the size of the exponent.
        torch.testing.assert_close(function(inputs["x"].float(), **call["kwargs"]), single, rtol=1e-5, atol=1e-5)


def test_module_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "AmplitudeToDB"):
        torch.testing.assert_close(AmplitudeToDB(**call["constructor"])(inputs["x"]), expected, rtol=1e-11, atol=1e-11)


def test_the_range_below_the_maximum_is_that_of_each_item():
    loud, quiet = torch.tensor([1.0, 1e-6]), torch.tensor([1e-3, 1e-9])
    batch = torch.stack([loud, quiet])[:, None, None]  # (batch, channel, freq, frames)
    limited = AmplitudeToDB(top_db=20.0)(batch)[:, 0, 0]
    torch.testing.assert_close(limited, torch.tensor([[0.0, -20.0], [-30.0, -50.0]]))


def test_channels_of_an_item_share_its_maximum():
    channels = torch.tensor([1.0, 1e-6])[:, None, None]  # (channel, freq, frames)
    torch.testing.assert_close(AmplitudeToDB(top_db=20.0)(channels).flatten(), torch.tensor([0.0, -20.0]))


def test_one_dimension_is_an_item_too():
    torch.testing.assert_close(AmplitudeToDB(top_db=20.0)(torch.tensor([1.0, 0.0])), torch.tensor([0.0, -20.0]))
    assert AmplitudeToDB(top_db=20.0)(torch.zeros(2, 0)).shape == (2, 0)


def test_arguments_that_cannot_be_used_are_named():
    with pytest.raises(ValueError, match="top_db must not be negative, got -80"):
        AmplitudeToDB(top_db=-80.0)
    with pytest.raises(ValueError, match="stype must be one of magnitude, power, got 'powr'; did you mean power"):
        AmplitudeToDB("powr")
    with pytest.raises(ValueError, match="amin must be positive, got 0"):
        amplitude_to_DB(torch.ones(2), 10.0, 0.0, 0.0)
