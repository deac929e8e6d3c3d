import numpy as np
import pytest
import torch

from sonovox.dsp.lfcc import LFCC, linear_fbanks


def test_filters_equal_torchaudios(torchaudio_reference, float64_default):
    arrays = np.load(torchaudio_reference / "functional" / "linear_fbanks.npz")
    calls = {"c0": (201, 0.0, 8000.0, 40, 16000), "c1": (65, 100.0, 3500.0, 10, 8000)}
    for key, arguments in calls.items():
        expected = torch.from_numpy(arrays[f"{key}.out64.0"])
        torch.testing.assert_close(linear_fbanks(*arguments), expected, rtol=0, atol=1e-12)


def test_equals_torchaudio(torchaudio_calls, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "LFCC"):
        torch.testing.assert_close(LFCC(**call["constructor"])(inputs["waveform"]), expected, rtol=1e-8, atol=1e-8)


def test_the_state_has_torchaudios_names():
    assert sorted(LFCC().state_dict()) == ["Spectrogram.window", "dct_mat", "filter_mat"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_lfcc": 50, "n_filter": 40}, "n_lfcc must be at most n_filter=40, got 50"),
        ({"f_min": 9000.0}, "f_min must be at least 0 and below f_max=8000.0, got 9000.0"),
        ({"dct_type": 1}, "dct_type must be 2, got 1"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        LFCC(**arguments)
