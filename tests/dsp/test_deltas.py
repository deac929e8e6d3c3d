import numpy as np
import pytest
import torch

from sonovox.dsp.deltas import ComputeDeltas, compute_deltas

PAD_OF = {"replicate": "edge", "constant": "constant", "reflect": "reflect", "circular": "wrap"}


@pytest.mark.parametrize("mode", PAD_OF)
@pytest.mark.parametrize("win_length", [3, 5, 6, 9])
def test_is_the_slope_of_a_fitted_line(mode, win_length):
    features = torch.randn(3, 12, dtype=torch.float64)
    reach = (win_length - 1) // 2
    padded = np.pad(features.numpy(), ((0, 0), (reach, reach)), mode=PAD_OF[mode])
    places = np.arange(-reach, reach + 1)
    expected = [[np.polyfit(places, row[frame : frame + 2 * reach + 1], 1)[0] for frame in range(12)] for row in padded]
    np.testing.assert_allclose(compute_deltas(features, win_length, mode).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_equals_torchaudio(kind, torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls(
        kind, {"functional": "compute_deltas"}.get(kind, "ComputeDeltas")
    ):
        if kind == "functional":
            ours = compute_deltas(inputs["specgram"], **call["kwargs"])
        else:
            ours = ComputeDeltas(**call["constructor"])(inputs["specgram"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="win_length must be at least 3, got 2"):
        compute_deltas(torch.zeros(2, 9), 2)
    with pytest.raises(ValueError, match=r"at least 3 frames for win_length=5 and mode='reflect', got \(2, 2\)"):
        compute_deltas(torch.zeros(2, 2), mode="reflect")
    with pytest.raises(ValueError, match=r"at least 1 frames"):
        compute_deltas(torch.zeros(2, 0))
    with pytest.raises(ValueError, match="did you mean replicate"):
        compute_deltas(torch.zeros(2, 9), mode="replicat")
