import pytest
import torch

from sonovox.hparams import load_hparams
from sonovox.inference import WaveformEnhancement
from sonovox.models.enhance_resnet import ConvBlock, EnhanceResnet, SEblock

SMALL = {"n_fft": 64, "win_length": 4, "hop_length": 2, "channel_counts": [3, 4], "dense_nodes": 5}


def test_without_the_mask_the_waveform_comes_back():
    wave = torch.randn(2, 3200)
    enhanced, features = EnhanceResnet(**SMALL, mask_weight=0.0).eval()(wave)
    torch.testing.assert_close(enhanced, wave[:, : enhanced.shape[1]], atol=1e-4, rtol=0)
    assert features.shape == (2, 101, 33)


def test_the_gain_of_a_channel_is_that_of_its_mean():
    block, x = SEblock(4), torch.randn(2, 5, 6, 4)
    means = x.flatten(1, 2).mean(1)
    expected = torch.sigmoid(block.linear2(torch.relu(block.linear1(means))))
    torch.testing.assert_close(block(x), expected[:, None, None])


def test_every_weight_learns():
    model = EnhanceResnet(**SMALL)
    enhanced, features = model(torch.randn(2, 1600))
    (enhanced.square().mean() + features.mean()).backward()
    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in model.parameters())


def test_it_compiles_in_one_graph():
    model, wave = EnhanceResnet(**SMALL).eval(), torch.randn(1, 1600)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(wave), model(wave))


def test_a_block_halves_the_frequencies_only():
    assert ConvBlock([None, None, 9, 2], channels=3)(torch.randn(1, 4, 9, 2)).shape == (1, 4, 5, 3)


def test_a_folder_names_it_as_speechbrain_does():
    yaml = """
enhance_model: !new:speechbrain.lobes.models.EnhanceResnet.EnhanceResnet
  n_fft: 64
  win_length: 4
  hop_length: 2
  channel_counts: [3]
  dense_nodes: 5
modules:
  enhance_model: !ref <enhance_model>
"""
    values = load_hparams(yaml)
    enhanced = WaveformEnhancement(values["modules"], values).enhance_batch(torch.randn(1, 1600))
    assert enhanced.shape == (1, 1600)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_the_numbers_are_those_of_speechbrain():
    peer = pytest.importorskip("speechbrain.lobes.models.EnhanceResnet", reason="SpeechBrain is the oracle")
    torch.manual_seed(0)
    theirs = peer.EnhanceResnet(**SMALL).eval()
    ours = EnhanceResnet(**SMALL).eval()
    ours.load_state_dict(theirs.state_dict())
    wave = torch.randn(2, 3200)
    for found, expected in zip(ours(wave), theirs(wave), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
