"""Model folders as SpeechBrain writes them, loaded unchanged, against every array that SpeechBrain computed."""

import json

import pytest

from inference.reference_folders import CASES, PUBLISHED, arrays, largest_differences, published_differences
from sonovox.inference import EncoderASR, EncoderClassifier, EncoderDecoderASR


@pytest.mark.parametrize("case", CASES)
def test_every_array_is_speechbrains(case, speechbrain_reference, tmp_path):
    differences, tolerance = largest_differences(speechbrain_reference / case, tmp_path)
    assert {name: value for name, value in differences.items() if not value <= tolerance} == {}


@pytest.mark.parametrize("case", [name for name in CASES if name.startswith("asr")])
def test_words_are_speechbrains(case, speechbrain_reference, tmp_path):
    folder = speechbrain_reference / case
    given = arrays(folder / "inputs.npz")
    model = (EncoderASR if "wav2vec2" in case else EncoderDecoderASR).from_hparams(folder / "model")
    results = json.loads((folder / "case.json").read_text())["results"]
    assert model.transcribe_batch(given["wavs"], given["wav_lens"]) == (results["words"], results["tokens"])


@pytest.mark.parametrize("case", ["emotion-wav2vec2", "lang-id-ecapa", "spkrec-ecapa", "spkrec-xvector"])
def test_labels_are_speechbrains(case, speechbrain_reference):
    folder = speechbrain_reference / case
    given = arrays(folder / "inputs.npz")
    model = EncoderClassifier.from_hparams(folder / "model")
    labels = json.loads((folder / "case.json").read_text())["results"]["text_lab"]
    assert model.classify_batch(given["wavs"], given["wav_lens"])[3] == labels


@pytest.mark.network
def test_published_speakers_are_known_as_in_speechbrain(speechbrain_reference, shared_data):
    differences, tolerance = published_differences(speechbrain_reference / PUBLISHED, shared_data / "librispeech")
    assert tolerance <= 1e-4
    assert {name: value for name, value in differences.items() if not value <= tolerance} == {}
