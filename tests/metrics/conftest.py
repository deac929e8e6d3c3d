import json

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def speechbrain_metrics(speechbrain_layers):
    """What SpeechBrain's metrics made of transcripts and scores: case.json, and the arrays beside it."""
    folder = speechbrain_layers / "metrics"
    arrays = {name: torch.from_numpy(array) for name, array in np.load(folder / "inputs.npz").items()}
    return {**json.loads((folder / "case.json").read_text()), "arrays": arrays}
