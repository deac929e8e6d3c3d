"""The published weights."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import HubError, WeightsError
from sonovox.hub import save_weights
from sonovox.models.silero_vad import SileroVAD, load_silero_vad
from sonovox.models.silero_vad.pretrained import THEIR_NAMES

# What the forward of the wheel's `tinygrad_model.py` gives with the same weights, run on torch: every 20th window of
# the first recording of librispeech, four digits.
THEIRS = [
    0.0293, 0.9995, 1.0, 0.0541, 0.9999, 0.0187, 0.0799, 1.0, 0.9253, 0.9979, 0.0042, 1.0,
    0.1241, 1.0, 1.0, 0.0049, 0.0243, 1.0, 0.9999, 0.9999, 0.0581, 0.0246, 0.0065, 0.0121,
]  # fmt: skip


def test_their_names_become_ours(tmp_path):
    torch.manual_seed(0)
    model = SileroVAD()
    ours_to_theirs = {ours: theirs for theirs, ours in THEIR_NAMES.items()}
    theirs = {ours_to_theirs.get(name, name): value for name, value in model.state_dict().items()}
    assert {"lstm_cell.weight_ih", "conv4.bias", "stft_conv.weight"} < set(theirs)
    save_weights(tmp_path / "silero.safetensors", theirs)
    loaded = load_silero_vad(tmp_path / "silero.safetensors")
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.state_dict().items())
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_weights_of_something_else_are_refused(tmp_path):
    save_weights(tmp_path / "other.safetensors", {"conv1.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match="do not fit SileroVAD"):
        load_silero_vad(tmp_path / "other.safetensors")


@pytest.mark.network
def test_probabilities_are_those_of_the_authors(speech_manifest):
    try:
        model = load_silero_vad(progress=False)
    except HubError as error:
        pytest.skip(f"needs the weights of Silero VAD: {error.message}")
    samples, _ = sonovox.load(speech_manifest("librispeech")[0]["audio"])
    found = torch.sigmoid(model(samples)[0])[0, ::20]
    torch.testing.assert_close(found, torch.tensor(THEIRS), atol=1e-4, rtol=0)  # they are rounded
