import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.data import CategoricalEncoder
from sonovox.inference import AudioClassifier
from sonovox.io import save
from sonovox.models.ecapa_tdnn import Classifier
from sonovox.nn import STFT, Filterbank


class Means(torch.nn.Module):
    """An embedding without weights: the mean over time of each band."""

    def forward(self, x):
        return x.mean(dim=1, keepdim=True)


def classifier(use_melspectra=True, **changed):
    torch.manual_seed(0)
    labels = CategoricalEncoder()
    labels.update_from_iterable(["rain", "dog", "siren"])
    bands = 10 if use_melspectra else 129
    modules = {
        "compute_stft": STFT(8000, n_fft=256),
        "compute_fbank": Filterbank(n_mels=10, n_fft=256, sample_rate=8000, f_max=4000),
        "embedding_model": Means(),
        "classifier": Classifier(bands, out_neurons=3),
    }
    hparams = {"spec_mag_power": 0.5, "use_melspectra": use_melspectra, "label_encoder": labels, "sample_rate": 8000}
    return AudioClassifier({**modules, **changed}, hparams)


@pytest.mark.parametrize("use_melspectra", [True, False])
def test_sounds_have_classes(use_melspectra):
    scores, score, index, labels = classifier(use_melspectra).classify_batch(torch.randn(2, 4000))
    assert scores.shape == (2, 1, 3)
    assert torch.equal(score, scores.amax(-1))
    assert [[["rain", "dog", "siren"][place] for place in row] for row in index.tolist()] == labels


def test_a_file_is_what_its_samples_are(tmp_path):
    model, wav = classifier(), torch.randn(8000) / 10
    save(tmp_path / "a.wav", wav[None], 8000)
    expected, _, _, label = model.classify_batch(model.load_audio(tmp_path / "a.wav")[None])
    scores, _, _, found = model.classify_file(tmp_path / "a.wav")
    torch.testing.assert_close(scores, expected)
    assert found == label
    assert model.rank_file(tmp_path / "a.wav", top=2).labels[0] == label[0][0]


def test_an_embedding_with_time_and_frequency_is_their_mean():
    class Image(torch.nn.Module):
        def forward(self, x):
            return x.unsqueeze(2).expand(-1, -1, 7, -1)  # (batch, frames, 7, bands)

    model = classifier(embedding_model=Image())
    assert model.encode_batch(torch.randn(2, 4000)).dim() == 2


def test_a_bank_of_filters_is_needed_where_it_is_used():
    model = classifier()
    del model.mods["compute_fbank"]
    with pytest.raises(ArgumentError, match="needs the modules compute_fbank"):
        AudioClassifier(dict(model.mods), vars(model.hparams))
