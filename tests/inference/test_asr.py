import io
import math

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, AudioError, ChoiceError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.inference import asr as module
from sonovox.inference.asr import DEFAULT_MODEL, PRECISIONS, WhisperASR, decoding_options, transcribe
from sonovox.inference.recogniser import TranscribedPart
from sonovox.metrics.error_rate import word_error_rate
from sonovox.models.whisper.pretrained import PRETRAINED
from sonovox.text.english import normalize_english


@pytest.fixture(scope="module")
def cat(talking_model):
    """Says "the cat sat." from 0 to 2 s of every window."""
    return WhisperASR.from_pretrained(talking_model, device="cpu")


def noise(seconds, sample_rate=16000):
    return 0.2 * torch.rand(round(seconds * sample_rate), generator=torch.Generator().manual_seed(0)) - 0.1


def words_wrong(items, transcripts):
    found = word_error_rate(
        [item["text"] for item in items], [transcript.text for transcript in transcripts], normalize=normalize_english
    )
    return found.rate


# With a model that always says the same.


def test_a_long_recording_is_heard_window_by_window(cat):
    transcript = cat.transcribe(noise(65.0), sample_rate=16000)
    assert [(segment.start, segment.end) for segment in transcript.segments] == [(0, 2), (30, 32), (60, 62)]
    assert (transcript.text, transcript.duration) == ("the cat sat. the cat sat. the cat sat.", 65.0)


def test_segments_end_with_the_recording(cat):
    assert [segment.end for segment in cat.transcribe(noise(31.5), sample_rate=16000).segments] == [2.0, 31.5]


def test_parts_tell_how_far_each_recording_is(cat):
    parts = list(cat.parts([noise(31.0), noise(5.0)], sample_rate=16000))
    assert all(isinstance(part, TranscribedPart) for part in parts)
    assert [(part.index, part.seconds, part.duration, len(part.segments)) for part in parts] == [
        (0, 0.0, 31.0, 0), (1, 0.0, 5.0, 0), (0, 30.0, 31.0, 1), (1, 5.0, 5.0, 1), (0, 31.0, 31.0, 1),
    ]  # fmt: skip


def test_segments_say_how_sure_they_are(cat):
    (segment,) = cat.transcribe(noise(3.0), sample_rate=16000).segments
    assert segment.temperature == 0.0
    assert segment.average_log_probability == pytest.approx(0.0, abs=1e-3)
    assert segment.no_speech_probability < 1e-6
    assert cat.tokenizer.decode(segment.tokens) == "the cat sat."


def test_beam_search_says_the_same(cat):
    assert cat.transcribe(noise(3.0), sample_rate=16000, beam_size=3).text == "the cat sat."


def test_a_file_a_path_and_an_open_file_are_the_same(cat, tmp_path):
    path = tmp_path / "a.wav"
    sonovox.save(path, noise(3.0)[None], 16000)
    expected = cat.transcribe(noise(3.0), sample_rate=16000)
    assert cat.transcribe(str(path)) == cat.transcribe(path) == expected
    assert cat.transcribe(io.BytesIO(path.read_bytes())) == expected


def test_no_recordings_give_no_transcripts(cat):
    assert cat.transcribe_batch([]) == []


@pytest.mark.parametrize("seconds", [0.003, 0.009])
def test_less_than_a_frame_of_sound_is_an_empty_transcript(cat, seconds):
    transcript = cat.transcribe(noise(seconds), sample_rate=16000)
    assert (transcript.segments, transcript.language) == ((), "en")
    assert transcript.duration == pytest.approx(seconds)


def test_no_samples_are_an_error_that_names_what_came(cat, tmp_path):
    with pytest.raises(UnsupportedAudioError, match="the tensor holds no samples"):
        cat.transcribe(torch.zeros(2, 0), sample_rate=16000)
    sonovox.save(tmp_path / "none.wav", torch.zeros(1, 0), 16000)
    with pytest.raises(UnsupportedAudioError, match=r"none\.wav holds no samples; check how it was recorded"):
        cat.transcribe(tmp_path / "none.wav")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_not_finite_are_refused(cat, tmp_path, bad):
    samples = noise(1.0)
    samples[8000] = bad
    with pytest.raises(NonFiniteAudioError, match="the samples contain NaN or infinity"):
        cat.transcribe(samples, sample_rate=16000)
    sonovox.save(tmp_path / "bad.wav", samples[None], 16000, encoding="PCM_F", bits_per_sample=32)
    with pytest.raises(NonFiniteAudioError, match=r"bad\.wav has NaN or infinite samples: 1, the first at 0\.500 s"):
        cat.transcribe(tmp_path / "bad.wav")


@pytest.mark.parametrize(
    ("samples", "sample_rate", "message"),
    [
        (torch.zeros(16000), None, r"samples need their sample_rate; give it in Hz, for example sample_rate=16000"),
        (torch.zeros(16000), 0, "sample_rate must be positive, got 0"),
        (torch.zeros(1, 1, 16000), 16000, r"\(channels, time\), got \(1, 1, 16000\); transcribe_batch takes several"),
        (torch.zeros(16000, dtype=torch.int16), 16000, r"samples must be floating point, got int16; .*x.float\(\) / 3"),
        ([0.0] * 16000, 16000, "must be a path or a binary file-like object, got list"),
    ],
)
def test_samples_that_are_no_signal_are_refused(cat, samples, sample_rate, message):
    with pytest.raises(ArgumentError, match=message):
        cat.transcribe(samples, sample_rate=sample_rate)


def test_samples_with_a_gradient_are_heard_without_one(cat):
    samples = noise(2.0).requires_grad_()
    assert cat.transcribe(samples, sample_rate=16000).text == "the cat sat."


def test_a_missing_file_names_itself(cat):
    with pytest.raises(AudioError, match=r"there is no file nowhere\.wav"):
        cat.transcribe("nowhere.wav")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beamsize": 5}, "option must be one of .*, got 'beamsize'; did you mean beam_size?"),
        ({"language": "jerman"}, "language must be one of Whisper's 100"),
        ({"task": "tranlate"}, "task must be one of transcribe, translate"),
        ({"best_of": 0}, "best_of must be at least 1"),
        ({"language": "de"}, "this model is English-only, got language de"),
        ({"task": "translate"}, "this model is English-only, got task translate"),
    ],
)
def test_a_wrong_option_is_told_before_the_file_is_read(cat, options, message):
    with pytest.raises(ArgumentError, match=message):
        cat.transcribe("nowhere.wav", **options)


def test_a_wrong_option_is_told_before_a_model_is_loaded(monkeypatch):
    monkeypatch.setattr(module, "load_whisper", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(ChoiceError, match="got 'beam'; did you mean beam_size"):
        transcribe("nowhere.wav", beam=5)
    with pytest.raises(ChoiceError, match="precision must be one of fp32, fp16, bf16, got 'fp8'"):
        transcribe("nowhere.wav", precision="fp8")


def test_a_language_by_name_is_written_as_its_code(cat):
    assert decoding_options({"language": "Haitian Creole"}).language == "ht"
    assert decoding_options({}).language is None
    assert cat.check({"language": "English"}).language == "en"
    assert cat.transcribe(noise(3.0), sample_rate=16000, language="English").language == "en"


def test_an_english_only_model_detects_no_language(cat):
    with pytest.raises(ArgumentError, match=r"English-only model detects no languages; take one without \.en"):
        cat.detect_language(noise(1.0), sample_rate=16000)


def test_a_multilingual_model_detects_one_and_tells_it_when_it_is_known(cat, monkeypatch):
    monkeypatch.setattr(cat.tokenizer, "multilingual", True)
    assert cat.detect_language(noise(1.0), sample_rate=16000) == {"en": 1.0}  # the only one of its vocabulary
    parts = list(cat.parts([noise(1.0)], sample_rate=16000))
    assert [part.language for part in parts] == [None, "en"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_says_the_same(talking_model, precision):
    low = WhisperASR.from_pretrained(talking_model, device="cpu", precision=precision)
    assert low.model.decoder.positions.dtype == PRECISIONS[precision]
    assert low.device == torch.device("cpu")
    assert low.transcribe(noise(3.0), sample_rate=16000).text == "the cat sat."


def test_the_model_of_the_last_call_stays_loaded(talking_model, monkeypatch):
    module._loaded.cache_clear()
    calls = []
    load = module.load_whisper
    monkeypatch.setattr(
        module, "load_whisper", lambda *args, **options: (calls.append(args), load(*args, **options))[1]
    )
    texts = {sonovox.transcribe(noise(3.0), talking_model, sample_rate=16000, device="cpu").text for _ in range(3)}
    module._loaded.cache_clear()
    assert (texts, len(calls)) == ({"the cat sat."}, 1)


def test_the_default_model_is_one_that_a_package_index_holds():
    assert PRETRAINED[DEFAULT_MODEL].mirror.startswith("pypi:")


# With tiny.en, on real speech.


@pytest.fixture(scope="module")
def sentences(speech_manifest):
    """Four short clips of LJSpeech at 22.05 kHz, some 20 s together."""
    return sorted(speech_manifest("ljspeech"), key=lambda item: item["duration"])[4:8]


@pytest.fixture(scope="module")
def jfk(speech_manifest):
    """Eleven seconds at 44.1 kHz, stereo."""
    return next(item for item in speech_manifest("recordings") if item["audio"].name == "jfk.flac")


@pytest.fixture(scope="module")
def heard_jfk(tiny_en, jfk):
    return tiny_en.transcribe(jfk["audio"])


def test_two_cities_is_heard_nearly_without_error(tiny_en, speech_manifest):
    item = next(item for item in speech_manifest("recordings") if item["audio"].name == "two_cities.wav")
    transcript = tiny_en.transcribe(item["audio"])
    assert words_wrong([item], [transcript]) <= 0.02  # 2 of 120 words
    assert transcript.duration == pytest.approx(44.374, abs=0.001)
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)
    assert 40.0 < transcript.segments[-1].end <= transcript.duration


def test_a_batch_gives_what_the_items_give_alone(tiny_en, sentences):
    paths = [item["audio"] for item in sentences]
    batch = tiny_en.transcribe_batch(paths)
    assert [found.text for found in batch] == [tiny_en.transcribe(path).text for path in paths]
    # 7.3 % on all of LJSpeech; these are a few words.
    assert words_wrong(sentences, batch) <= 0.12


def test_stereo_at_44100_hz_is_heard(heard_jfk, jfk):
    assert words_wrong([jfk], [heard_jfk]) == 0.0
    assert heard_jfk.duration == pytest.approx(11.0)


def test_samples_are_heard_as_their_file(tiny_en, jfk, heard_jfk):
    samples, sample_rate = sonovox.load(jfk["audio"])
    from_samples = tiny_en.transcribe(samples, sample_rate=sample_rate)
    assert (from_samples.text, from_samples.duration) == (heard_jfk.text, heard_jfk.duration)
    assert tiny_en.transcribe(samples.mean(0), sample_rate=sample_rate).text == heard_jfk.text


def test_a_telephone_is_understood(tiny_en, jfk, tmp_path):
    samples, _ = sonovox.load(jfk["audio"], sample_rate=8000, mono=True)
    sonovox.save(tmp_path / "telephone.wav", samples, 8000)
    assert words_wrong([jfk], [tiny_en.transcribe(tmp_path / "telephone.wav")]) <= 0.1


def test_bfloat16_hears_the_same_words(tiny_en, jfk):
    low = WhisperASR.from_pretrained("tiny.en", device="cpu", precision="bf16", offline=True)
    assert words_wrong([jfk], [low.transcribe(jfk["audio"])]) <= 0.1


def test_a_beam_hears_no_worse(tiny_en, jfk):
    assert words_wrong([jfk], [tiny_en.transcribe(jfk["audio"], beam_size=3)]) == 0.0


def test_silence_gives_one_word_at_most(tiny_en):
    assert len(tiny_en.transcribe(torch.zeros(10 * 16000), sample_rate=16000).text.split()) <= 1
