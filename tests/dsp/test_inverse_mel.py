import warnings

import pytest
import torch

from sonovox._internal.errors import SonovoxWarning
from sonovox.dsp.inverse_mel import InverseMelScale
from sonovox.dsp.mel import MelScale


@pytest.mark.filterwarnings("ignore:.*mel filters are empty")
def test_equals_torchaudio(torchaudio_calls, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "InverseMelScale"):
        if call["constructor"].get("driver", "gels") == "gels" and _has_empty_filters(call["constructor"]):
            continue
        ours = InverseMelScale(**call["constructor"])(inputs["melspec"])
        torch.testing.assert_close(ours, expected, rtol=1e-7, atol=1e-7 * expected.abs().max().item())


def _has_empty_filters(arguments):
    settings = {key: value for key, value in arguments.items() if key != "driver"}
    return not MelScale(**settings).fb.abs().amax(0).all()


def test_is_the_solution_of_least_energy():
    melspec = torch.rand(2, 20, 5, dtype=torch.float64)
    module = InverseMelScale(201, 20).double()
    wanted = torch.linalg.lstsq(module.fb.t().expand(2, -1, -1), melspec, driver="gelsd").solution.relu()
    torch.testing.assert_close(module(melspec), wanted, rtol=1e-5, atol=1e-6)  # its inverse is held in float32


def test_filters_that_are_empty_are_no_obstacle():
    with pytest.warns(SonovoxWarning, match="mel filters are empty"):
        module = InverseMelScale(65, 64)
    assert module(torch.rand(64, 3)).isfinite().all()


def test_the_mels_come_back():
    power = 1 + 0.1 * torch.rand(257, 9)
    scale = MelScale(40, n_stft=257)
    mels = scale(power)
    torch.testing.assert_close(scale(InverseMelScale(257, 40)(mels)), mels, rtol=0.05, atol=0.0)  # less what was cut


def test_filters_that_are_loaded_are_inverted():
    other = InverseMelScale(65, 10, mel_scale="slaney")
    module = InverseMelScale(65, 10)
    module.load_state_dict(other.state_dict())
    melspec = torch.rand(10, 3)
    torch.testing.assert_close(module(melspec), other(melspec))
    assert list(other.state_dict()) == ["fb"]  # as in torchaudio


def test_arguments_of_the_search_are_taken_with_a_warning():
    with pytest.warns(SonovoxWarning, match="have no effect: the solution is not searched for any more"):
        InverseMelScale(65, 10, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InverseMelScale(65, 10)


def test_another_number_of_filters_is_refused():
    with pytest.raises(ValueError, match=r"melspec must have shape \(\.\.\., n_mels=10, frames\), got \(9, 3\)"):
        InverseMelScale(65, 10)(torch.rand(9, 3))
