"""Recognition by an encoder and a search, on SpeechBrain's folders; their numbers are in `test_reference_folders`."""

import shutil
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import sonovox
from inference.reference_folders import arrays
from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox.inference import EncoderDecoderASR, save_pretrained
from sonovox.inference.load_recogniser import load_recogniser
from sonovox.inference.wave_batches import places_by_length

FOLDERS = ["asr-conformer", "asr-crdnn-rnnlm", "asr-transformer-lm"]


@pytest.fixture
def asr(speechbrain_reference):
    return EncoderDecoderASR.from_hparams(speechbrain_reference / "asr-crdnn-rnnlm" / "model")


@pytest.fixture
def given(speechbrain_reference):
    return arrays(speechbrain_reference / "asr-crdnn-rnnlm" / "inputs.npz")


@pytest.fixture
def conformer(speechbrain_reference):
    return EncoderDecoderASR.from_hparams(speechbrain_reference / "asr-conformer" / "model")


@pytest.mark.parametrize("case", FOLDERS)
def test_a_folder_without_a_named_interface_is_known_by_its_modules(case, speechbrain_reference):
    assert type(load_recogniser(speechbrain_reference / case / "model", device="cpu")) is EncoderDecoderASR


def test_a_file_is_heard_as_its_samples_are(asr, given, tmp_path):
    samples = given["wavs"][0]
    sonovox.save(tmp_path / "a.wav", samples[None], 16000, encoding="PCM_F", bits_per_sample=32)
    assert asr.transcribe_file(tmp_path / "a.wav") == "YOU DON'T MEAN"
    assert asr.transcribe_batch(samples) == (["YOU DON'T MEAN"], [[1, 18, 4, 9, 1, 12, 37, 56, 3, 1, 14, 2, 8, 11]])
    assert asr(samples[None], torch.ones(1)) == asr.transcribe_batch([samples])


def test_each_of_a_list_comes_out_as_alone(asr, given):
    short = round(float(given["wav_lens"][1]) * given["wavs"].shape[1])
    wavs = [given["wavs"][0], given["wavs"][1, :short]]
    assert len(places_by_length(wavs)) == 2
    texts, tokens = asr.transcribe_batch(wavs)
    assert texts[0] == "YOU DON'T MEAN"
    assert (texts[1:], tokens[1:]) == asr.transcribe_batch(wavs[1])


def test_parts_of_the_model_are_there_for_training_on(asr):
    assert list(asr.mods.keys()) == ["encoder", "decoder", "lm_model"]
    assert asr.mods.encoder.model is asr.hparams.enc
    assert type(asr.mods.encoder.compute_features).__name__ == "Fbank"
    assert (asr.hparams.bos_index, asr.hparams.eos_index) == (0, 0)
    assert asr.tokenizer.encode_as_ids("BUT BEHOLD")
    assert not any(parameter.requires_grad for parameter in asr.parameters())


def test_a_decoder_alone_tells_no_times(asr, given):
    assert not asr.has_times
    (segment,) = asr.transcribe(given["wavs"][0], sample_rate=16000).segments
    assert (segment.start, segment.end, segment.text, segment.words) == (0.0, 2.4, "YOU DON'T MEAN", ())


def test_words_of_a_search_with_ctc_have_times(conformer, speechbrain_reference):
    samples = arrays(speechbrain_reference / "asr-conformer" / "inputs.npz")["wavs"][0]
    assert conformer.has_times
    transcript = conformer.transcribe(samples, sample_rate=16000)
    assert transcript.text == "THE DOSE FOR AN A"
    words = [word for segment in transcript.segments for word in segment.words]
    assert [word.text for word in words] == ["THE", "DOSE", "FOR", "AN", "A"]
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= transcript.duration == 2.3


def test_long_recordings_are_heard_in_short_pieces():
    longest = 0

    class Encoder(nn.Module):
        def forward(self, wavs, wav_lens):
            nonlocal longest
            longest = max(longest, wavs.shape[1])
            return wavs[:, :, None]

    class Decoder(nn.Module):
        def forward(self, states, lengths):
            return [[0]] * len(states), torch.ones(len(states)), None, None

    tokenizer = SimpleNamespace(decode_ids=lambda tokens: "said")
    asr = EncoderDecoderASR({"encoder": Encoder(), "decoder": Decoder()}, {"tokenizer": tokenizer, "sample_rate": 1000})
    transcript = asr.transcribe(torch.rand(300_000) - 0.5, sample_rate=1000)
    assert longest <= 20_000
    assert [s.end for s in transcript.segments[:-1]] == [s.start for s in transcript.segments[1:]]
    assert transcript.text == " ".join(["said"] * len(transcript.segments))
    asr.transcribe(torch.rand(39_000) - 0.5, sample_rate=1000)
    assert longest == 39_000


def test_the_best_of_several_hypotheses_is_taken(asr, given):
    expected = asr.transcribe_batch(given["wavs"], given["wav_lens"])
    asr.mods.decoder.return_topk, asr.mods.decoder.topk = True, 3
    assert asr.transcribe_batch(given["wavs"], given["wav_lens"]) == expected


def test_keys_of_older_files_are_heeded():
    class Transformer(nn.Module):
        def encode(self, states, lengths):
            return states + 1

    class Transducer(nn.Module):
        def forward(self, states):
            return [[int(states[0, 0, 0])]], None, None, None

    class Encoder(nn.Module):
        def forward(self, wavs, wav_lens):
            return wavs[:, :, None] + 1

    modules = {"encoder": Encoder(), "decoder": Transducer(), "transformer": Transformer()}
    hparams = {"tokenizer": SimpleNamespace(decode_ids=str), "transducer_beam_search": True}
    assert EncoderDecoderASR(modules, hparams).transcribe_batch(torch.zeros(1, 800))[1] == [[1]]
    hparams["transformer_beam_search"] = True
    assert EncoderDecoderASR(modules, hparams).transcribe_batch(torch.zeros(1, 800))[1] == [[2]]


def test_a_language_model_that_is_not_listed_is_still_evaluated(speechbrain_reference, tmp_path):
    folder = shutil.copytree(speechbrain_reference / "asr-conformer" / "model", tmp_path / "m")
    yaml = folder / "hyperparams.yaml"
    yaml.chmod(0o644)
    yaml.write_text(yaml.read_text().replace("    lm_model: !ref <lm_model>\n", ""))
    model = EncoderDecoderASR.from_hparams(folder)
    assert "lm_model" not in model.mods
    assert not model.hparams.lm_model.training
    assert not any(parameter.requires_grad for parameter in model.hparams.lm_model.parameters())


def test_a_folder_of_ours_says_what_the_one_of_speechbrain_says(speechbrain_reference, given, asr, tmp_path):
    source = speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "hyperparams.yaml"
    names = {"normalizer": "normalizer", "asr_model": "asr_model", "lm_model": "lm_model", "tokenizer": "tokenizer"}
    save_pretrained(
        tmp_path / "m",
        source,
        interface="EncoderDecoderASR",
        keys=["encoder", "decoder", "tokenizer", "sample_rate", "lm_model"],
        loadables={key: getattr(asr.hparams, name) for key, name in names.items()},
    )
    again = load_recogniser(tmp_path / "m", device="cpu")
    assert type(again) is EncoderDecoderASR
    given = (given["wavs"], given["wav_lens"])
    assert again.transcribe_batch(*given) == asr.transcribe_batch(*given)


def test_what_is_missing_is_told(asr):
    with pytest.raises(ArgumentError, match="EncoderDecoderASR needs the modules decoder; the model has encoder"):
        EncoderDecoderASR({"encoder": nn.Identity()}, {"tokenizer": None})
    with pytest.raises(UnsupportedAudioError, match="holds no samples"):
        asr.transcribe(torch.zeros(0), sample_rate=16000)
