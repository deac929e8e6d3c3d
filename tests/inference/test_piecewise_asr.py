"""What recognisers share: pieces, times, batches. Their models: `test_encoder_asr`, `test_encoder_decoder_asr`."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import sonovox
from long_conformer import KINDS
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError
from sonovox.data import CTCTextEncoder
from sonovox.decoding import ctc_greedy_decode
from sonovox.inference import EncoderASR, Word
from sonovox.inference.piecewise_asr import PiecewiseASR

RATE = 8000


class Beeps(nn.Module):
    """A frame each 0.05 s: `a` where a high tone is, `b` for a low one, a space for noise, blank in silence."""

    def forward(self, wavs, wav_lens):
        frames = wavs[:, : wavs.shape[1] // 400 * 400].unflatten(1, (-1, 400))
        power = torch.fft.rfft(frames).abs() / 200
        high, low = power[..., 100], power[..., 20]
        space = (frames.abs().mean(-1) - 0.3 * (high + low)).clamp(min=0)
        return torch.stack((torch.full_like(high, 0.02), high, low, space), dim=-1).clamp(min=1e-6).log()


@pytest.fixture
def asr():
    tokenizer = CTCTextEncoder()
    tokenizer.insert_blank(index=0)
    tokenizer.update_from_iterable(["ab "])
    decode = functools.partial(ctc_greedy_decode, blank_id=0)
    return EncoderASR({"encoder": Beeps()}, {"tokenizer": tokenizer, "sample_rate": RATE, "decoding_function": decode})


def tone(hertz, seconds):
    return 0.5 * torch.sin(2 * torch.pi * hertz / RATE * torch.arange(round(seconds * RATE)))


def silence(seconds):
    return torch.zeros(round(seconds * RATE))


def test_words_have_the_times_at_which_they_are_heard(asr):
    hiss = torch.rand(400, generator=torch.Generator().manual_seed(0)).sub(0.5)
    samples = torch.cat((silence(1.0), tone(2000, 0.2), tone(400, 0.1), hiss, tone(2000, 0.1), silence(0.55)))
    transcript = asr.transcribe(samples, sample_rate=RATE)
    (segment,) = transcript.segments
    assert transcript.text == "ab a"
    assert [(word.text, round(word.start, 3), round(word.end, 3)) for word in segment.words] == [
        ("ab", 1.0, 1.3),
        ("a", 1.35, 1.45),
    ]
    assert (round(segment.start, 3), round(segment.end, 3), transcript.duration) == (1.0, 1.45, 2.0)


class Spikes(Beeps):
    """The same, but that a label is said in the first frame of its tone only, as CTC models do."""

    def forward(self, wavs, wav_lens):
        scores = super().forward(wavs, wav_lens)
        best = scores.argmax(-1)
        goes_on = (best == torch.nn.functional.pad(best, (1, 0), value=0)[:, :-1]).unsqueeze(-1)
        blank = torch.tensor([0.0, -9.0, -9.0, -9.0])
        return torch.where(goes_on, blank, scores)


def test_a_word_that_is_said_in_spikes_ends_where_its_sound_ends(asr):
    asr.mods["encoder"] = Spikes()
    for before, after in ((0.0, 0.0), (0.3, 0.5)):
        samples = torch.cat((silence(before), tone(2000, 0.2), tone(400, 0.2), silence(after)))
        (segment,) = asr.transcribe(samples, sample_rate=RATE).segments
        assert segment.text == "ab"
        assert segment.start == pytest.approx(before, abs=0.011)
        assert segment.end == pytest.approx(before + 0.4, abs=0.011)


def test_times_of_a_long_file_are_counted_from_its_beginning(asr, tmp_path):
    begins = [3.0, 39.0, 61.5, 100.25]
    samples = silence(120.0)
    for begin in begins:
        start = round(begin * RATE)
        samples[start : start + RATE // 2] = tone(2000, 0.5)
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    transcript = asr.transcribe(tmp_path / "a.wav")
    assert [segment.text for segment in transcript.segments] == ["a"] * 4
    for segment, begin in zip(transcript.segments, begins, strict=True):
        assert segment.start == pytest.approx(begin, abs=0.05)
        assert segment.end == pytest.approx(begin + 0.5, abs=0.05)
        assert segment.words == (Word(segment.start, segment.end, "a"),)
    assert transcript.text == "a a a a"


def test_without_a_blank_there_are_no_times(asr):
    asr.set_decoding_function(lambda scores, lengths: ctc_greedy_decode(scores, lengths, 0))
    (segment,) = asr.transcribe(torch.cat((silence(1.0), tone(400, 0.5))), sample_rate=RATE).segments
    assert not asr.has_times
    assert (segment.start, segment.end, segment.text, segment.words) == (0.0, 1.5, "b", ())


def test_tokens_that_the_frames_cannot_say_have_no_times(asr):
    asr.set_decoding_function(functools.partial(lambda scores, lengths, blank_id: [[1] * 1000], blank_id=0))
    (segment,) = asr.transcribe(tone(400, 0.5), sample_rate=RATE).segments
    assert asr.has_times
    assert (segment.start, segment.end, segment.words) == (0.0, 0.5, ())


def test_what_cannot_be_a_batch_is_refused(asr):
    with pytest.raises(ArgumentError, match=r"wavs must be \(batch, time\)"):
        asr.transcribe_batch(torch.zeros(1, 2, 100))
    with pytest.raises(ArgumentError, match="wav_lens must be 2 shares"):
        asr.encode_batch(torch.zeros(2, 800), torch.ones(3))
    with pytest.raises(NonFiniteAudioError):
        asr.encode_batch(torch.full((1, 800), float("nan")))


def test_savedir_of_speechbrain_is_taken(asr, tmp_path):
    sonovox.save(tmp_path / "a.wav", tone(400, 0.5)[None], RATE)
    assert asr.transcribe_file(tmp_path / "a.wav", savedir=tmp_path) == "b"
    with pytest.raises(ArgumentError, match="no options for decoding, got savefolder"):
        asr.transcribe_file(tmp_path / "a.wav", savefolder="x")


def test_a_recogniser_says_how_tokens_are_found():
    tokenizer = CTCTextEncoder()
    with pytest.raises(NotImplementedError):
        PiecewiseASR({}, {"tokenizer": tokenizer}).encode_batch(torch.zeros(1, 800))
    assert not PiecewiseASR({}, {"tokenizer": tokenizer}).has_times


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_conformer_hears_three_hours_in_memory_that_stays_flat(kind):
    script = Path(__file__).parents[1] / "long_conformer.py"
    told = subprocess.run([sys.executable, script, kind, "3"], check=True, capture_output=True, text=True)
    result = json.loads(told.stdout)
    peaks = result["half_hour_peaks_mb"]
    assert result["audio_seconds"] >= 3 * 3600
    assert result["characters"] > 1000
    assert max(peaks) < 2048
    # The allocator's blocks come and go.
    assert max(peaks[1:]) <= 1.1 * peaks[0] + 50
