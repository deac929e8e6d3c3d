"""Who spoke when: steps with toy models, the whole with published weights and speakers of LibriSpeech."""

import random

import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError, ChoiceError, HubError
from sonovox.inference import Diarization, Diarizer
from sonovox.inference.diarization import group_voices
from sonovox.metrics import diarization_error_rate
from sonovox.text import Turn, read_rttm

RATE = 8000


class LoudIsSpeech:
    """A detector: stretches of 0.1 s that are not silent."""

    def get_speech_segments(self, path, reached):
        samples, rate = sonovox.load(path)
        frames = samples.mean(0)[: samples.shape[1] // (rate // 10) * (rate // 10)].view(-1, rate // 10)
        reached(samples.shape[1] / rate)
        loud = nn.functional.pad((frames.abs().amax(1) > 0.01).int(), (1, 1)).diff()
        return torch.stack(((loud == 1).nonzero()[:, 0], (loud == -1).nonzero()[:, 0]), 1) / 10


class Pitches:
    """A model of voices: the spectrum below 1 kHz in 40 bands, so that tones are speakers."""

    sample_rate = RATE
    batches: list = []

    def encode_batch(self, wavs):
        self.batches.append(tuple(wavs.shape))
        spectrum = torch.fft.rfft(wavs * torch.hann_window(wavs.shape[1]), n=RATE).abs()[:, :1000]
        return spectrum.view(len(wavs), 40, 25).sum(-1).unsqueeze(1)


def tone(hertz, seconds, rate=RATE):
    return 0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * rate)) / rate)


def silence(seconds, rate=RATE):
    return torch.zeros(round(seconds * rate))


@pytest.fixture
def diarizer():
    Pitches.batches = []
    return Diarizer(LoudIsSpeech(), Pitches())


@pytest.fixture
def meeting(tmp_path):
    """One speaks, another without a pause between, the first again, and shortly the second."""
    parts = [silence(1), tone(200, 6), tone(700, 6), silence(1), tone(200, 4), silence(0.5), tone(700, 0.3), silence(1)]
    sonovox.save(tmp_path / "a.wav", torch.cat(parts)[None], RATE)
    said = [(1, 7, "x"), (7, 13, "y"), (14, 18, "x"), (18.5, 18.8, "y")]
    return tmp_path / "a.wav", said


@pytest.mark.parametrize("clustering", ["spectral", "agglomerative"])
@pytest.mark.parametrize("number", [None, 2])
def test_turns_are_found_and_change_within_half_a_window(diarizer, meeting, clustering, number):
    path, said = meeting
    found = diarizer.diarize_file(path, number, clustering=clustering)
    assert [turn.speaker for turn in found.turns] == ["speaker1", "speaker2", "speaker1", "speaker2"]
    for turn, (start, end, _) in zip(found.turns, said, strict=True):
        assert (turn.start, turn.end) == (pytest.approx(start, abs=0.4), pytest.approx(end, abs=0.4))
    assert diarization_error_rate(said, found.turns).rate < 0.05
    assert found.duration == pytest.approx(19.8)


def test_one_speaker_is_one(diarizer, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.cat([tone(200, 5), silence(1), tone(200, 5)])[None], RATE)
    assert diarizer.diarize_file(tmp_path / "a.wav").speakers == ["speaker1"]
    assert len(diarizer.diarize_file(tmp_path / "a.wav", 2).speakers) == 2


def test_any_rate_and_number_of_channels(diarizer, meeting, tmp_path):
    samples, _ = sonovox.load(meeting[0])
    sonovox.save(tmp_path / "b.wav", sonovox.functional.resample(samples, RATE, 44100).repeat(2, 1), 44100)
    expected, found = diarizer.diarize_file(meeting[0]).turns, diarizer.diarize_file(tmp_path / "b.wav").turns
    for one, other in zip(found, expected, strict=True):
        assert one == (pytest.approx(other.start, abs=0.11), pytest.approx(other.end, abs=0.11), other.speaker)


def test_progress_ends_with_the_recording(diarizer, meeting):
    heard = []
    diarizer.diarize_file(meeting[0], reached=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(19.8)
    assert len(heard) > 3
    assert max(rows for rows, _ in Pitches.batches) <= 16


def test_silence_has_no_turns(diarizer, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, RATE), RATE)
    assert diarizer.diarize_file(tmp_path / "a.wav") == Diarization((), 1.0)


def test_the_result_is_written_as_rttm(tmp_path):
    found = Diarization((Turn(0.0, 1.5, "speaker1"), Turn(2.0, 3.25, "speaker2")), 4.0)
    found.save(tmp_path / "my talk.rttm")
    assert read_rttm(tmp_path / "my talk.rttm") == {"my_talk": list(found.turns)}


def directions(count, each, seed=0):
    generator = torch.Generator().manual_seed(seed)
    centres = torch.nn.functional.normalize(torch.randn(count, 64, generator=generator), dim=1)
    rows = centres.repeat(each, 1) + torch.randn(count * each, 64, generator=generator) / 9
    return torch.nn.functional.normalize(rows, dim=1), torch.arange(count).repeat(each)


@pytest.mark.parametrize("clustering", ["spectral", "agglomerative"])
def test_more_windows_than_are_clustered_join_the_nearest(clustering, monkeypatch):
    monkeypatch.setattr("sonovox.inference.diarization.MOST_CLUSTERED", 60)
    vectors, truth = directions(3, 100)
    assert torch.equal(group_voices(vectors, clustering=clustering), truth)


@pytest.mark.parametrize("clustering", ["spectral", "agglomerative"])
def test_no_more_speakers_than_are_allowed_are_found(clustering):
    vectors, _ = directions(4, 20)
    assert len(group_voices(vectors, max_speakers=2, clustering=clustering).unique()) <= 2
    assert len(group_voices(vectors, clustering=clustering).unique()) == 4


def test_windows_of_little_speech_do_not_vote():
    vectors, truth = directions(2, 30)
    strange = torch.nn.functional.normalize(torch.randn(5, 64, generator=torch.Generator().manual_seed(9)), dim=1)
    sure = torch.ones(65, dtype=torch.bool)
    sure[60:] = False
    found = group_voices(torch.cat((vectors, strange)), sure)
    assert torch.equal(found[:60], truth)
    assert found.max() == 1


def test_what_cannot_be_is_told(diarizer, meeting):
    with pytest.raises(ArgumentError, match="num_speakers must be at least 1, got 0"):
        diarizer.diarize_file(meeting[0], 0)
    with pytest.raises(ChoiceError, match="spectral"):
        diarizer.diarize_file(meeting[0], clustering="spectrl")
    with pytest.raises(ArgumentError, match=r"hop must be at most window=1.0 s, got 2.0"):
        Diarizer(LoudIsSpeech(), Pitches(), window=1.0, hop=2.0)
    with pytest.raises(ArgumentError, match="vectors must be"):
        group_voices(torch.zeros(0, 2))


@pytest.mark.slow
@pytest.mark.network
def test_speakers_of_librispeech_are_told_apart(speech_manifest, tmp_path):
    """Utterances of several speakers, joined; pauses in them count as speech of the reference, so that they "miss"."""
    try:
        diarizer = Diarizer.from_pretrained(device="cpu", progress=False)
    except HubError as error:
        pytest.skip(f"needs the weights of Silero VAD and ECAPA-TDNN: {error.message}")
    items = speech_manifest("librispeech")
    speakers = sorted({item["speaker"] for item in items})
    for count, utterances in ((1, 4), (2, 8), (4, 16)):
        draw = random.Random(count)
        parts, said, time, last = [torch.zeros(8000)], [], 0.5, None
        chosen = draw.sample(speakers, count)
        for place in range(utterances):
            who = chosen[place] if place < count else draw.choice([name for name in chosen if name != last] or chosen)
            item = draw.choice([item for item in items if item["speaker"] == who])
            samples, _ = sonovox.load(item["audio"], num_frames=round(draw.uniform(3, 6) * 16000))
            said.append((time, time + samples.shape[1] / 16000, who))
            parts += [samples[0], torch.zeros(6400)]
            time, last = said[-1][1] + 0.4, who
        sonovox.save(tmp_path / "m.wav", torch.cat(parts)[None], 16000)
        found = diarizer.diarize_file(tmp_path / "m.wav")
        errors = diarization_error_rate(said, found.turns)
        assert len(found.speakers) == count
        assert errors.confusion + errors.false_alarm < 0.02 * errors.total, f"{count} speakers: {errors}"
        assert errors.missed < 0.35 * errors.total
