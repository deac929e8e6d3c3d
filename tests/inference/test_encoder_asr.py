"""Recognition by an encoder of frames: with a small trained-like model, and with SpeechBrain's own numbers."""

import functools
import io
import json
import math
import shutil

import numpy as np
import pytest
import torch
from torch import nn

import sonovox
from inference.reference_folders import arrays
from sonovox._internal.errors import ArgumentError, AudioNotFoundError, UnsupportedAudioError
from sonovox.data import CTCTextEncoder
from sonovox.decoding import ctc_greedy_decode
from sonovox.inference import EncoderASR
from sonovox.text.sentencepiece_processor import SentencePieceProcessor

RATE = 8000


@pytest.fixture(scope="module")
def asr(ctc_folder):
    return EncoderASR.from_hparams(ctc_folder)


def noise(seconds, seed=0):
    return 0.2 * torch.rand(round(seconds * RATE), generator=torch.Generator().manual_seed(seed)) - 0.1


def saying(probabilities, tokenizer, blank_id=0):
    """A recogniser whose encoder says this, whatever it hears."""

    class Encoder(nn.Module):
        def forward(self, wavs, wav_lens):
            return probabilities

    hparams = {"tokenizer": tokenizer, "decoding_function": functools.partial(ctc_greedy_decode, blank_id=blank_id)}
    return EncoderASR({"encoder": Encoder()}, hparams)


class LoudnessEncoder(nn.Module):
    """A frame each 0.1 s: `a` where it is loud, `b` where it is soft, blank where it is silent."""

    longest = 0

    def forward(self, wavs, wav_lens):
        self.longest = max(self.longest, wavs.shape[1])
        loud = wavs[:, : wavs.shape[1] // (RATE // 10) * (RATE // 10)].unflatten(1, (-1, RATE // 10)).abs().mean(-1)
        return torch.stack((torch.full_like(loud, 0.01), (loud > 0.4).float(), 0.9 * (loud > 0.03).float()), dim=-1)


@pytest.fixture
def loudness():
    tokenizer = CTCTextEncoder()
    tokenizer.insert_blank(index=0)
    tokenizer.update_from_iterable(["ab"])
    hparams = {
        "tokenizer": tokenizer,
        "sample_rate": RATE,
        "decoding_function": lambda p, n: ctc_greedy_decode(p, n, 0),
    }
    return EncoderASR({"encoder": LoudnessEncoder()}, hparams)


def test_words_and_tokens_are_speechbrains(speechbrain_reference):
    folder = speechbrain_reference / "asr-wav2vec2-ctc"
    results = json.loads((folder / "case.json").read_text())["results"]
    tokenizer = CTCTextEncoder.from_saved(folder / "model" / "tokenizer.ckpt")
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        model = saying(torch.tensor(outputs["log_probs"]), tokenizer)
        words, tokens = model.transcribe_batch(torch.tensor(inputs["wavs"]), torch.tensor(inputs["wav_lens"]))
    assert words == results["words"]
    assert tokens == results["tokens"]


def test_pieces_of_words_are_joined_by_their_model(speechbrain_reference):
    tokenizer = SentencePieceProcessor()
    tokenizer.load(str(speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "tokenizer.ckpt"))
    ids = tokenizer.encode_as_ids("HE THINKS")
    separated = [token for i in ids for token in (i, 59)]  # the last piece serves as the blank
    model = saying(torch.eye(60)[separated][None], tokenizer, blank_id=59)
    assert model.transcribe_batch(torch.zeros(1, 16000)) == (["HE THINKS"], [ids])


def test_a_folder_says_what_the_modules_said(asr, ctc_values):
    wavs, lengths = torch.stack([noise(1.0), noise(1.0, 1)]), torch.tensor([1.0, 0.5])
    with torch.no_grad():
        expected = ctc_values["encoder"](wavs, lengths)
    # Matrix products of odd sizes round by where their operands lie in memory.
    torch.testing.assert_close(asr.encode_batch(wavs, lengths), expected, atol=1e-5, rtol=0)
    assert not asr.encode_batch(wavs).requires_grad


def test_without_lengths_all_items_are_full(asr):
    wavs = torch.stack([noise(1.0), noise(1.0, 1)])
    assert torch.equal(asr.encode_batch(wavs), asr.encode_batch(wavs, torch.ones(2)))
    assert asr.transcribe_batch(wavs) == asr.transcribe_batch(wavs, torch.ones(2))


def test_integers_and_halves_are_heard_as_floats(asr):
    wavs = noise(1.0)[None]
    torch.testing.assert_close(asr.encode_batch(wavs.double()), asr.encode_batch(wavs), atol=1e-5, rtol=0)


def test_each_of_a_list_comes_out_as_alone(asr):
    wavs = [noise(0.7), noise(1.3, 1), noise(0.7, 2), noise(0.2, 3)]
    texts, tokens = asr.transcribe_batch(wavs)
    alone = [asr.transcribe_batch(wav[None]) for wav in wavs]
    assert texts == [text for (text,), _ in alone]
    assert tokens == [sequence for _, (sequence,) in alone]
    assert asr.transcribe_batch([]) == ([], [])


def test_gradients_flow_through_forward(ctc_folder):
    model = EncoderASR.from_hparams(ctc_folder, freeze_params=False).eval()
    model(noise(1.0)[None], torch.ones(1)).sum().backward()
    assert all(p.grad is not None for p in model.mods.encoder.output.parameters())


def test_a_file_of_any_kind_is_one_segment_of_its_whole_length(loudness, tmp_path):
    samples = torch.cat((noise(1.0), torch.full((RATE,), 0.8), torch.zeros(RATE), torch.full((RATE,), 0.8)))
    wide = torch.nn.functional.interpolate(samples[None, None], scale_factor=4)[0].expand(2, -1)
    sonovox.save(tmp_path / "a.flac", wide, 4 * RATE)
    transcript = loudness.transcribe(tmp_path / "a.flac")
    assert loudness.transcribe_file(str(tmp_path / "a.flac")) == transcript.text == "baa"
    (segment,) = transcript.segments
    assert (segment.start, segment.end, transcript.duration, segment.tokens) == (0.0, 4.0, 4.0, (2, 1, 1))
    assert loudness.transcribe(io.BytesIO((tmp_path / "a.flac").read_bytes())) == transcript
    assert loudness.transcribe(wide, sample_rate=4 * RATE).text == "baa"


def test_a_long_file_is_heard_in_pieces_that_are_cut_in_its_pauses(loudness, tmp_path):
    second = torch.cat((torch.full((RATE * 8 // 10,), 0.8), torch.zeros(RATE * 2 // 10)))  # an `a` each second
    sonovox.save(tmp_path / "a.wav", second.repeat(130)[None], RATE)
    parts = list(loudness.parts([tmp_path / "a.wav"]))
    segments = [segment for part in parts for segment in part.segments]
    assert "".join(segment.text for segment in segments) == "a" * 130
    assert [s.end for s in segments[:-1]] == [s.start for s in segments[1:]]
    assert (segments[0].start, segments[-1].end) == (0.0, 130.0)
    assert loudness.mods.encoder.longest <= 40 * RATE
    assert [part.seconds for part in parts] == sorted(part.seconds for part in parts)
    assert {part.duration for part in parts} == {130.0}


def test_parts_begin_without_segments_when_the_file_was_opened(loudness, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.full((1, RATE), 0.8), RATE)
    parts = loudness.parts([tmp_path / "a.wav", tmp_path / "nothing.wav"])
    first, *_ = next(parts), next(parts), next(parts)
    assert (first.index, first.segments, first.seconds, first.duration) == (0, (), 0.0, 1.0)
    with pytest.raises(AudioNotFoundError):
        next(parts)


def test_silence_has_no_segment(loudness):
    transcript = loudness.transcribe(torch.zeros(RATE), sample_rate=RATE)
    assert (transcript.segments, transcript.duration) == ((), 1.0)


def test_the_shortest_recordings_are_heard_and_empty_ones_refused(asr):
    for n_samples in (1, 10, 100):
        assert math.isclose(asr.transcribe(noise(1.0)[:n_samples], sample_rate=RATE).duration, n_samples / RATE)
    with pytest.raises(UnsupportedAudioError, match="the tensor holds no samples"):
        asr.transcribe(torch.zeros(0), sample_rate=RATE)


def test_options_are_refused(asr):
    with pytest.raises(ArgumentError, match="has no options for decoding, got beam_size=5, language='de'; leave them"):
        asr.transcribe(noise(1.0), sample_rate=RATE, beam_size=5, language="de")
    asr.check({})


def test_a_search_and_a_tokenizer_that_are_none_are_refused():
    with pytest.raises(ArgumentError, match="decoding_function must be a function, got 3"):
        EncoderASR({"encoder": nn.Identity()}, {"tokenizer": CTCTextEncoder(), "decoding_function": 3})
    with pytest.raises(ArgumentError, match="tokenizer must be a label encoder or a SentencePiece processor, got 'x'"):
        EncoderASR({"encoder": nn.Identity()}, {"tokenizer": "x", "decoding_function": ctc_greedy_decode})


def test_a_model_for_something_else_is_refused():
    with pytest.raises(ArgumentError, match="EncoderASR needs the modules encoder; the model has separator"):
        EncoderASR({"separator": nn.Identity()}, {})


@pytest.mark.parametrize("case", ["asr-wav2vec2-ctc", "asr-wav2vec2-ctc-ln"])
def test_a_beam_search_of_the_folder_finds_speechbrains_texts(case, speechbrain_reference, tmp_path):
    folder = shutil.copytree(speechbrain_reference / case / "model", tmp_path / "m")
    yaml = folder / "hyperparams.yaml"
    yaml.chmod(0o644)
    greedy = "!name:speechbrain.decoders.ctc_greedy_decode\n    blank_id: !ref <blank_index>\n"
    assert greedy in yaml.read_text()
    settings = "{beam_size: 12, beam_prune_logp: -12, token_prune_min_logp: -6, prune_history: False}"
    beam = f"!name:speechbrain.decoders.ctc.CTCPrefixBeamSearcher\ntest_beam_search: {settings}\n"
    yaml.write_text(yaml.read_text().replace(greedy, beam))
    asr = EncoderASR.from_hparams(folder)
    given = arrays(speechbrain_reference / case / "inputs.npz")
    results = json.loads((speechbrain_reference / case / "case.json").read_text())["results"]
    texts, _ = asr.transcribe_batch(given["wavs"], given["wav_lens"])
    assert [text.strip() for text in texts] == [found[0]["text"] for found in results["ctc_prefix_beam"]]
    assert asr.has_times
    asr.set_decoding_function(functools.partial(ctc_greedy_decode, blank_id=0))
    assert asr.transcribe_batch(given["wavs"], given["wav_lens"])[0] == results["words"]
    asr.set_decoding_function()
    with pytest.raises(ArgumentError, match="must be a function, got 'x'"):
        asr.set_decoding_function("x")
