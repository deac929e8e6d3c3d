import numpy as np
import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.models.xvector import Classifier, Discriminator, Xvector
from sonovox.nn import Fbank, InputNormalization

SMALL = {"in_channels": 8, "tdnn_channels": [16] * 4 + [24], "lin_neurons": 12}


def test_padding_changes_no_embedding_where_it_is_ignored():
    model = Xvector(**SMALL, ignore_padding=True).eval()
    x = torch.randn(2, 30, 8)
    x[1, 20:] = 1e3
    together = model(x, torch.tensor([1.0, 2 / 3]))
    torch.testing.assert_close(together[:1], model(x[:1]))
    torch.testing.assert_close(together[1:], model(x[1:, :20]))


def test_blocks_are_convolution_activation_and_normalisation():
    model = Xvector(**SMALL, tdnn_blocks=2, activation=nn.Tanh)
    names = [type(block).__name__ for block in model.blocks]
    assert names == ["Conv1d", "Tanh", "BatchNorm1d"] * 2 + ["StatisticsPooling", "Linear"]
    assert model(torch.randn(2, 30, 8)).shape == (2, 1, 12)


def test_blocks_without_sizes_are_told():
    with pytest.raises(ArgumentError, match="tdnn_blocks=6 entries, got 5, 5, 5"):
        Xvector(**SMALL, tdnn_blocks=6)


def test_a_classifier_without_blocks_is_one_layer():
    classifier, x = Classifier([None, None, 12], lin_blocks=0, out_neurons=3).eval(), torch.randn(4, 1, 12)
    assert list(classifier) == ["act", "norm", "out", "softmax"]
    expected = classifier["out"](classifier["norm"](nn.functional.leaky_relu(x))).log_softmax(2)
    torch.testing.assert_close(classifier(x), expected)


def test_names_of_layers():
    classifier = Classifier([None, None, 12], lin_blocks=2, lin_neurons=5, out_neurons=3)
    assert [list(block) for block in classifier["DNN"].values()] == [["linear", "act", "norm"]] * 2
    discriminator = Discriminator([None, None, 12], lin_blocks=2, lin_neurons=5)
    assert [list(block) for block in discriminator["DNN"].values()] == [["linear", "norm", "act"]] * 2
    assert discriminator(torch.randn(4, 1, 12)).shape == (4, 1, 1)
    assert list(Discriminator([None, None, 12], lin_blocks=0)) == ["out"]


def test_embeddings_and_scores_are_those_of_speechbrain(speechbrain_reference):
    folder = speechbrain_reference / "spkrec-xvector"
    model = Xvector(in_channels=24, tdnn_channels=[32] * 4 + [48], lin_neurons=24).eval()
    classifier = Classifier([None, None, 24], lin_neurons=24, out_neurons=8).eval()
    model.load_state_dict(torch.load(folder / "model" / "embedding_model.ckpt", weights_only=True))
    classifier.load_state_dict(torch.load(folder / "model" / "classifier.ckpt", weights_only=True))
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        wavs, lengths = torch.from_numpy(inputs["wavs"]), torch.from_numpy(inputs["wav_lens"])
        expected = [torch.from_numpy(outputs[name]) for name in ("embeddings", "out_prob")]
    features = InputNormalization(norm_type="sentence", std_norm=False)(Fbank(n_mels=24)(wavs), lengths)
    with torch.no_grad():
        embeddings = model(features, lengths)
        scores = classifier(embeddings).squeeze(1)
    # 1e-3 of the largest value: SpeechBrain adds noise of 1e-5 to means, which normalisation may enlarge.
    for result, reference in zip((embeddings, scores), expected, strict=True):
        assert float((result - reference).abs().max() / reference.abs().max()) <= 1e-3
