"""Embeddings and classes of recordings: with a small model of its own, and with a folder of SpeechBrain."""

import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.data import CategoricalEncoder
from sonovox.inference import EncoderClassifier

RATE = 8000


class Frames(nn.Module):
    def forward(self, wavs):
        return nn.functional.pad(wavs, (0, 80)).unfold(1, 80, 80)


class Loudness(nn.Module):
    """Mean magnitude over all, and over the first half, `(batch, 1, 2)`."""

    longest = 0

    def forward(self, frames, lengths):
        self.longest = max(self.longest, frames.shape[1])
        return torch.stack((frames.abs().mean((1, 2)), frames[:, : frames.shape[1] // 2].abs().mean((1, 2))), 1)[
            :, None
        ]


class Same(nn.Module):
    def forward(self, x, lengths=None):
        return x


class Near(nn.Module):
    """How near the loudness is to 0, 0.25 and 0.5, `(batch, 1, 3)`."""

    def forward(self, x):
        return -(x[:, :, :1] - torch.tensor([0.0, 0.25, 0.5])).abs()


@pytest.fixture
def model():
    labels = CategoricalEncoder()
    labels.update_from_iterable(["silent", "soft", "loud"])
    modules = {
        "compute_features": Frames(),
        "mean_var_norm": Same(),
        "embedding_model": Loudness(),
        "classifier": Near(),
    }
    return EncoderClassifier(modules, {"label_encoder": labels, "sample_rate": RATE})


@pytest.fixture(scope="module")
def speakers(speechbrain_reference):
    return EncoderClassifier.from_hparams(speechbrain_reference / "spkrec-ecapa" / "model")


def noise(n_samples, seed=0):
    return 0.3 * torch.randn(n_samples, generator=torch.Generator().manual_seed(seed))


def test_a_batch_has_a_label_for_each_item(model):
    wavs = torch.stack([torch.full((RATE,), height) for height in (0.01, 0.3, 0.9)])
    scores, score, index, labels = model.classify_batch(wavs)
    assert (scores.shape, score.shape, index.tolist(), labels) == ((3, 3), (3,), [0, 1, 2], ["silent", "soft", "loud"])
    assert model(wavs)[3] == labels


def test_a_list_comes_out_as_its_items_alone(speakers):
    wavs = [noise(n, n) for n in (16000, 4800, 16000, 9000)]
    together = speakers.encode_batch(wavs, normalize=True)
    alone = torch.cat([speakers.encode_batch(wav, normalize=True) for wav in wavs])
    torch.testing.assert_close(together, alone, atol=2e-5 * alone.abs().max().item(), rtol=0)  # rounding
    assert speakers.classify_batch(wavs)[3] == [speakers.classify_batch(wav)[3][0] for wav in wavs]


def test_a_padded_batch_of_speechbrains_model_hears_the_padding(speakers):
    # Its convolutions look over the end of an item: numbers that we reproduce, for a tensor.
    long, short = noise(16000), noise(4800, 1)
    padded = torch.stack((long, nn.functional.pad(short, (0, 11200))))
    together = speakers.encode_batch(padded, torch.tensor([1.0, 0.3]))
    torch.testing.assert_close(together[0], speakers.encode_batch(long)[0], atol=1e-4, rtol=0)
    assert (together[1] - speakers.encode_batch(short)[0]).abs().max() > 1e-3


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 2), (44100, 5)])
def test_a_file_of_any_kind_is_classified(model, tmp_path, rate, channels):
    sonovox.save(tmp_path / "a.flac", torch.full((channels, rate), 0.5), rate, encoding="PCM_S", bits_per_sample=16)
    scores, _, index, labels = model.classify_file(tmp_path / "a.flac")
    assert (scores.shape, index.tolist(), labels) == ((1, 3), [2], ["loud"])
    assert model.encode_file(tmp_path / "a.flac").shape == (1, 1, 2)


def test_a_file_is_its_samples(speakers, tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(16000)[None], 16000)
    torch.testing.assert_close(speakers.encode_file(tmp_path / "a.wav"), speakers.encode_batch(noise(16000)))


def test_a_long_file_is_the_mean_of_pieces_by_their_length(model, tmp_path):
    samples = torch.cat((torch.full((40 * RATE,), 0.2), torch.full((110 * RATE,), 0.5)))
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    embedding = model.encode_file(tmp_path / "a.wav")
    assert embedding[0, 0, 0].item() == pytest.approx(samples.mean().item(), abs=1e-3)
    assert model.mods.embedding_model.longest <= 60 * 100 + 1


def test_the_shortest_files_are_heard_and_empty_ones_refused(speakers, tmp_path):
    for n_samples in (1, 100):
        sonovox.save(tmp_path / "a.wav", noise(n_samples)[None], 16000)
        assert speakers.encode_file(tmp_path / "a.wav").isfinite().all()
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 0), 16000)
    with pytest.raises(UnsupportedAudioError, match="holds no samples"):
        speakers.classify_file(tmp_path / "a.wav")


def test_gradients_reach_the_waveform_and_the_weights(speechbrain_reference):
    folder = speechbrain_reference / "spkrec-ecapa" / "model"
    model = EncoderClassifier.from_hparams(folder, freeze_params=False).eval()
    wavs = noise(8000).requires_grad_()
    model.encode_batch(wavs).sum().backward()
    assert wavs.grad is not None
    assert wavs.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in model.mods.embedding_model.parameters())


def test_what_cannot_be_is_told(model, tmp_path):
    with pytest.raises(ArgumentError, match=r"a list must have items \(time,\) and no wav_lens"):
        model.encode_batch([torch.zeros(5)], torch.ones(1))
    with pytest.raises(ArgumentError, match="a list must have items"):
        model.encode_batch([])
    with pytest.raises(
        ArgumentError, match="normalize=True needs mean_var_norm_emb in the YAML file; the modules are compute_"
    ):
        model.encode_batch(torch.zeros(1, 800), normalize=True)
    with pytest.raises(NonFiniteAudioError):
        model.classify_batch(torch.full((1, 800), torch.nan))
    with pytest.raises(ArgumentError, match="classify_file has no argument top_k; it takes a path"):
        model.classify_file(tmp_path / "a.wav", top_k=3)


def test_modules_and_labels_that_are_missing_are_named(model):
    modules = dict(model.mods)
    with pytest.raises(ArgumentError, match="EncoderClassifier needs the modules classifier; the model has compute_"):
        EncoderClassifier({name: module for name, module in modules.items() if name != "classifier"})
    with pytest.raises(
        ArgumentError, match="EncoderClassifier needs the modules avg_pool, output_mlp; the model has wav"
    ):
        EncoderClassifier({"wav2vec2": nn.Identity()})
    with pytest.raises(
        ArgumentError, match="to classify, the YAML file needs a label_encoder, got None; use encode_batch"
    ):
        EncoderClassifier(modules).classify_batch(torch.zeros(1, 800))
    with pytest.raises(ArgumentError, match="to classify, the YAML file needs a label_encoder, got 'labels'"):
        EncoderClassifier(modules, {"label_encoder": "labels"}).classify_batch(torch.zeros(1, 800))


def test_the_normaliser_of_embeddings_may_stand_beside_the_modules(speakers):
    modules = dict(speakers.mods)
    norm = modules.pop("mean_var_norm_emb")
    beside = EncoderClassifier(modules, {"mean_var_norm_emb": norm})
    expected = speakers.encode_batch(noise(8000), normalize=True)
    torch.testing.assert_close(beside.encode_batch(noise(8000), normalize=True), expected)


def test_ranks_are_the_classes_in_order_of_their_probabilities(speechbrain_reference, tmp_path):
    model = EncoderClassifier.from_hparams(speechbrain_reference / "lang-id-ecapa" / "model")
    sonovox.save(tmp_path / "a.wav", 0.1 * torch.randn(1, 16000, generator=torch.Generator().manual_seed(0)), 16000)
    scores, score, _, label = model.classify_file(tmp_path / "a.wav")
    found = model.rank_file(tmp_path / "a.wav", 3)
    assert found.are_probabilities
    assert (len(found.labels), found.labels[0]) == (3, label[0])
    assert found.scores == pytest.approx(scores[0].exp().sort(descending=True).values[:3].tolist())
    assert found.scores[0] == pytest.approx(score.exp().item())
    assert len(model.rank_file(tmp_path / "a.wav", 1000).labels) == scores.shape[1]
    with pytest.raises(ArgumentError, match="top"):
        model.rank_file(tmp_path / "a.wav", 0)
