"""Sources of mixtures; `test_reference_folders` has SpeechBrain's numbers."""

import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.inference import SepformerSeparation

RATE = 1000


class Windows(nn.Module):
    """Windows of 8 samples as features, `(batch, 8, frames)`; what is over is left out."""

    longest = 0

    def forward(self, mix):
        self.longest = max(self.longest, mix.shape[1])
        return mix.unfold(1, 8, 8).transpose(1, 2)


class Sign(nn.Module):
    """Two sources: what is positive and what is negative, in an order that changes with each call."""

    calls = 0

    def forward(self, encoded):
        self.calls += 1
        masks = torch.stack((encoded > 0, encoded < 0)).float()
        return masks.roll(self.calls, dims=0)


class Joined(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2).flatten(1)


@pytest.fixture
def model():
    return SepformerSeparation({"encoder": Windows(), "masknet": Sign(), "decoder": Joined()}, {"sample_rate": RATE})


def noise(n_samples, seed=0):
    return 0.2 * torch.randn(n_samples, generator=torch.Generator().manual_seed(seed))


def parts_of(samples):
    return torch.stack((samples.clamp(max=0), samples.clamp(min=0)))


def test_sources_are_as_long_as_the_mixture(model):
    mix = torch.stack([noise(803), noise(803, 1)])
    sources = model(mix)
    assert sources.shape == (2, 803, 2)
    assert not sources[:, 800:].any()  # the last window is not full
    torch.testing.assert_close(sources[:, :800].sum(-1), mix[:, :800])


def test_a_batch_comes_out_as_its_items_alone(speechbrain_reference):
    model = SepformerSeparation.from_hparams(speechbrain_reference / "sepformer" / "model")
    mix = torch.stack([noise(4000), noise(4000, 1)])
    alone = torch.cat([model.separate_batch(item) for item in mix])
    torch.testing.assert_close(model.separate_batch(mix), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("rate", "channels"), [(1000, 1), (4000, 3)])
def test_a_file_of_any_kind_is_separated_with_peaks_of_one(model, tmp_path, rate, channels):
    sonovox.save(tmp_path / "a.wav", noise(2 * rate).repeat(channels, 1), rate)
    sources = model.separate_file(tmp_path / "a.wav")
    assert sources.shape == (1, 2000, 2)
    torch.testing.assert_close(sources.abs().amax(dim=1), torch.ones(1, 2))


def test_silence_stays_silent(model, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 2000), RATE)
    assert not model.separate_file(tmp_path / "a.wav").any()


def test_a_long_file_is_separated_in_chunks_with_each_source_in_its_place(model, tmp_path):
    samples = noise(130 * RATE)
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    parts = list(model.separate_blocks(tmp_path / "a.wav"))
    torch.testing.assert_close(torch.cat(parts, dim=1), parts_of(samples))
    assert model.mods.masknet.calls == len(parts) > 4
    assert model.mods.encoder.longest <= 30 * RATE


def test_what_cannot_be_heard_is_told(model, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 0), RATE)
    with pytest.raises(UnsupportedAudioError, match="holds no samples"):
        model.separate_file(tmp_path / "a.wav")
    with pytest.raises(NonFiniteAudioError):
        model.separate_batch(torch.full((1, 100), torch.nan))
    with pytest.raises(ArgumentError, match="SepformerSeparation needs the modules masknet, decoder"):
        SepformerSeparation({"encoder": nn.Identity()})
