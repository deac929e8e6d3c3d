import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def speechbrain_losses(speechbrain_layers):
    """Inputs and outputs of SpeechBrain's losses by name; its calls stand in case.json."""
    folder = speechbrain_layers / "losses"
    inputs = {name: torch.from_numpy(array) for name, array in np.load(folder / "inputs.npz").items()}
    outputs = {name: torch.from_numpy(np.array(array)) for name, array in np.load(folder / "outputs.npz").items()}
    return inputs, outputs


@pytest.fixture
def close_to_speechbrain(speechbrain_losses):
    """Compare with an output of SpeechBrain: 1e-5 relative, what float32 sums in another order differ by."""

    def check(ours, name):
        torch.testing.assert_close(ours, speechbrain_losses[1][name], rtol=1e-5, atol=1e-6)

    return check
