"""Model folders as SpeechBrain writes them: how each array is computed that SpeechBrain stored with them.

The wrappers of pretrained encoders have tests of their own.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import sonovox
from sonovox.decoding import S2SRNNGreedySearcher, S2STransformerGreedySearcher, ctc_greedy_decode
from sonovox.inference import (
    HIFIGAN,
    VAD,
    EncoderASR,
    EncoderClassifier,
    EncoderDecoderASR,
    SepformerSeparation,
    SpeakerRecognition,
    SpectralMaskEnhancement,
    Tacotron2,
)

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


def of_decoder(model: EncoderDecoderASR, given: Arrays, _: object) -> Arrays:
    wavs, lengths, tokens = given["wavs"], given["wav_lens"], given["tokens_bos"]
    hparams, decoder = model.hparams, model.mods.decoder
    features = hparams.compute_features(wavs)
    encoded = model.encode_batch(wavs, lengths)
    _, beam_lengths, scores, log_probs = decoder(encoded, lengths)
    found = {
        "features": features,
        "normalized": hparams.normalizer(features, lengths),
        "encoder_out": encoded,
        "ctc_logits": hparams.ctc_lin(encoded),
        "beam_tokens": padded(model.transcribe_batch(wavs, lengths)[1]),
        "beam_lengths": beam_lengths,
        "beam_scores": scores,
        "beam_token_logprobs": log_probs,
    }
    settings = {"bos_index": hparams.bos_index, "eos_index": hparams.eos_index}
    settings |= {"min_decode_ratio": 0, "max_decode_ratio": 1}
    greedy: S2SRNNGreedySearcher | S2STransformerGreedySearcher
    if hasattr(hparams, "Transformer"):
        images = hparams.CNN(found["normalized"])
        heard, decoded = hparams.Transformer(images, tokens, lengths, pad_idx=0)
        found |= {
            "cnn_out": images,
            "encoder_out_nolens": hparams.Transformer.encode(images),
            "encoder_out_forward": heard,
            "lm_logits": hparams.lm_model(tokens),
            "ctc_greedy_tokens": padded(ctc_greedy_decode(found["ctc_logits"], lengths, hparams.blank_index)),
        }
        greedy = S2STransformerGreedySearcher([hparams.Transformer, hparams.seq_lin], **settings)
    else:
        decoded, found["attention"] = hparams.dec(hparams.emb(tokens), encoded, lengths)
        found["lm_logits"] = hparams.lm_model(tokens)[0]
        greedy = S2SRNNGreedySearcher(hparams.emb, hparams.dec, hparams.seq_lin, **settings)
    found |= {"decoder_out": decoded, "decoder_logits": hparams.seq_lin(decoded)}
    hyps, _, found["greedy_scores"], _ = greedy(encoded, lengths)
    found["greedy_tokens"] = padded(hyps)
    decoder.return_topk, decoder.topk = True, 4
    found["topk_tokens"], found["topk_lengths"], found["topk_scores"], _ = decoder(encoded, lengths)
    assert model.transcribe_batch(wavs, lengths)[1] == unpadded(found["beam_tokens"])
    decoder.return_topk, decoder.topk, decoder.scorer = False, 1, None
    found["beam_tokens_noscorer"] = padded(model.transcribe_batch(wavs, lengths)[1])
    return found


def of_ctc(model: EncoderASR, given: Arrays, _: object) -> Arrays:
    wavs, lengths, encoder = given["wavs"], given["wav_lens"], model.mods.encoder
    states = encoder.wav2vec2(wavs, lengths)
    return {
        "wav2vec2_out": states,
        "wav2vec2_out_nolens": encoder.wav2vec2(wavs),
        "dnn_out": encoder.enc(states),
        "log_probs": model.encode_batch(wavs, lengths),
        "tokens": padded(model.transcribe_batch(wavs, lengths)[1]),
    }


def of_reader(model: Tacotron2, given: Arrays, case: dict) -> Arrays:
    tacotron2, tokens, counts, mel = model.mods["model"], given["token_ids"], given["token_lens"], given["mel"]
    found = {
        "token_ids": padded([model.text_to_seq(text)[0] for text in case["texts"]]).clamp(min=0),
        "token_lens": torch.tensor([model.text_to_seq(text)[1] for text in case["texts"]]),
        "encoder_out": tacotron2.encoder(tacotron2.embedding(tokens).transpose(1, 2), counts),
        "postnet_out": tacotron2.postnet(mel),
    }
    torch.manual_seed(1234)
    spoken = {"infer_seed1234": model(case["texts"]), "infer_nodrop": model.encode_batch(case["texts"], dropout=False)}
    for kind, results in spoken.items():
        names = ("mel_postnet", "mel_lengths", "alignments")
        found |= {f"{kind}_{name}": value for name, value in zip(names, results, strict=True)}
    taught = tacotron2((tokens, counts, mel, None, torch.tensor([12, 8])), tokens.shape[1], dropout=False)
    names = ("mel", "mel_postnet", "gate", "alignments")
    return found | {f"forward_nodrop_{name}": value for name, value in zip(names, taught[:4], strict=True)}


def of_vocoder(model: HIFIGAN, given: Arrays, _: object) -> Arrays:
    mel = given["mel"]
    return {
        "forward_weightnorm": model.mods["generator"](mel),
        "waveforms": model(mel),
        "waveform_single": model.decode_spectrogram(mel[0]),
        "waveforms_masked": model.decode_batch(mel, mel_lens=torch.tensor([30, 22]), hop_len=64),
    }


CASES: dict[str, tuple[type, Callable[..., Arrays]]] = {
    "asr-conformer": (EncoderDecoderASR, of_decoder),
    "asr-crdnn-rnnlm": (EncoderDecoderASR, of_decoder),
    "asr-transformer-lm": (EncoderDecoderASR, of_decoder),
    "asr-wav2vec2-ctc": (EncoderASR, of_ctc),
    "asr-wav2vec2-ctc-ln": (EncoderASR, of_ctc),
    "emotion-wav2vec2": (EncoderClassifier, of_emotions),
    "enhance-metricgan": (SpectralMaskEnhancement, of_enhancement),
    "lang-id-ecapa": (EncoderClassifier, of_classifier),
    "sepformer": (SepformerSeparation, of_separation),
    "spkrec-ecapa": (SpeakerRecognition, of_speakers),
    "spkrec-xvector": (EncoderClassifier, of_classifier),
    "tts-tacotron2": (Tacotron2, of_reader),
    "vad-crdnn": (VAD, of_detector),
    "vocoder-hifigan": (HIFIGAN, of_vocoder),
}
# The weights that SpeechBrain published, which have no folder here: they are fetched.
PUBLISHED = "spkrec-ecapa-real"


def largest_differences(folder: Path, scratch: Path) -> tuple[dict[str, float], float]:
    """Of each array of a case, the largest |difference| over the largest |value|, and what it may be at most.

    Whole numbers and truth values differ by 0 or infinitely; so do shapes that are others.
    """
    interface, compute = CASES[folder.name]
    given, expected = arrays(folder / "inputs.npz"), arrays(folder / "outputs.npz")
    case = json.loads((folder / "case.json").read_text())
    with torch.no_grad():
        model = interface.from_hparams(folder / "model")
        found = compute(model, {**expected, **given}, case if compute is of_reader else scratch)
    assert found.keys() == expected.keys() - WRONG
    tolerance = case["tolerances"]["float_rtol_of_max"]
    return {name: difference(values, expected[name]) for name, values in found.items()}, tolerance


def published_differences(folder: Path, librispeech: Path) -> tuple[dict[str, float], float]:
    """As `largest_differences`, of the published weights on whole utterances.

    Raises:
        HubError: the weights cannot be had.
    """
    case, expected = json.loads((folder / "case.json").read_text()), arrays(folder / "outputs.npz")
    with torch.no_grad():
        model = SpeakerRecognition.from_hparams("speechbrain/spkrec-ecapa-voxceleb", progress=False)
        wavs = [model.load_audio(librispeech / utterance["audio"]) for utterance in case["utterances"]]
        batch = torch.nn.utils.rnn.pad_sequence(wavs, batch_first=True)
        single = torch.cat([model.encode_batch(wav[None]) for wav in wavs])
        _, score, index, _ = model.classify_batch(wavs[0][None])
        found = {
            "embeddings_single": single,
            "embeddings_single_norm": torch.cat([model.encode_batch(wav[None], normalize=True) for wav in wavs]),
            "embeddings_batch": model.encode_batch(batch, expected["wav_lens"]),
            "cosine_matrix": torch.cosine_similarity(single, single.transpose(0, 1), dim=-1, eps=1e-6),
            "verify_scores_0_vs_all": model.verify_batch(wavs[0][None], wavs)[0],
            "class_score": score,
            "class_index": index,
            "features_first": model.mods.compute_features(wavs[0][None])[:, :50],
        }
    assert found.keys() == expected.keys() - {"wav_lens"}
    differences = {name: difference(values, expected[name]) for name, values in found.items()}
    return differences, case["tolerances"]["float_rtol_of_max"]


def arrays(path: Path) -> Arrays:
    """What a file of numpy holds."""
    with np.load(path) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


def difference(values: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest |difference| over the largest |value|; infinite for what must be equal and is not."""
    if values.shape != expected.shape:
        return float("inf")
    if not values.is_floating_point():
        return 0.0 if torch.equal(values, expected.to(values.dtype)) else float("inf")
    return float((values - expected).abs().max() / expected.abs().max())


def padded(tokens: list[list[int]]) -> torch.Tensor:
    """Tokens as the stored ones: padded with -1."""
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in tokens], True, -1.0)


def unpadded(tokens: torch.Tensor) -> list[list[int]]:
    """Tokens without the -1 that they are padded with."""
    return [[token for token in row if token >= 0] for row in tokens.tolist()]
