import torch

from sonovox.hub.weights import load_checkpoint
from sonovox.models.tacotron2.convert import from_speechbrain


def test_names_of_a_folder_become_ours_one_by_one(speechbrain_reference):
    theirs = load_checkpoint(speechbrain_reference / "tts-tacotron2" / "model" / "model.ckpt")
    ours = from_speechbrain(theirs)
    assert len(ours) == len(theirs)
    assert not [name for name in ours if ".conv." in name or "linear_layer" in name]
    assert ours["decoder.prenet.layers.1.weight"] is theirs["decoder.prenet.layers.1.linear_layer.weight"]


def test_names_that_are_ours_stay():
    weights = {"postnet.convolutions.4.1.running_mean": torch.zeros(1), "encoder.lstm.weight_ih_l0": torch.zeros(1)}
    assert from_speechbrain(weights) == weights
