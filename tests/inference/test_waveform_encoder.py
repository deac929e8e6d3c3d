import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError
from sonovox.inference import WaveformEncoder

RATE = 1000


class Frames(nn.Module):
    """Frames of 10 samples; in a dictionary, as self-supervised encoders give them, if told so."""

    def __init__(self, key=None):
        super().__init__()
        self.key, self.longest = key, 0

    def forward(self, wavs, wav_lens):
        self.longest = max(self.longest, wavs.shape[1])
        frames = wavs.unfold(1, 10, 10) * wav_lens[:, None, None]
        return {self.key: frames} if self.key else frames


def encoder(key=None):
    return WaveformEncoder({"encoder": Frames(key)}, {"sample_rate": RATE})


def test_features_are_those_of_the_encoder():
    wavs = torch.randn(2, 100)
    assert torch.equal(encoder().encode_batch(wavs), wavs.unfold(1, 10, 10))
    assert torch.equal(encoder("embeddings")(wavs), wavs.unfold(1, 10, 10))
    assert torch.equal(encoder()(wavs, torch.tensor([1.0, 0.5]))[1], 0.5 * wavs.unfold(1, 10, 10)[1])


def test_a_batch_comes_out_as_its_items_alone():
    wavs, lengths = torch.randn(3, 100, generator=torch.Generator().manual_seed(0)), torch.tensor([1.0, 0.5, 0.8])
    together = encoder().encode_batch(wavs, lengths)
    alone = [encoder().encode_batch(wav[None], length[None]) for wav, length in zip(wavs, lengths, strict=True)]
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize(("rate", "channels"), [(1000, 1), (4000, 2)])
def test_a_file_of_any_kind_is_encoded(tmp_path, rate, channels):
    sonovox.save(tmp_path / "a.wav", torch.full((channels, 3 * rate), 0.5), rate)
    assert encoder().encode_file(tmp_path / "a.wav").shape == (1, 300, 10)


def test_a_long_file_is_encoded_in_pieces(tmp_path):
    samples = torch.rand(150 * RATE) - 0.5
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    model = encoder()
    assert torch.equal(model.encode_file(tmp_path / "a.wav").flatten(), samples)
    assert model.mods.encoder.longest <= 60 * RATE


def test_an_encoder_without_features_is_told():
    with pytest.raises(ArgumentError, match="the encoder must give features, got NoneType"):
        encoder("loss").encode_batch(torch.zeros(1, 100))
    with pytest.raises(ArgumentError, match="WaveformEncoder needs the modules encoder"):
        WaveformEncoder({"separator": nn.Identity()})
