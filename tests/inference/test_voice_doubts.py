import torch

import sonovox.functional as F
from sonovox.inference.voice_doubts import voice_doubts
from sonovox.io import load


def noise(seconds, rate=16000, level=0.1):
    return level * torch.randn(round(seconds * rate), generator=torch.Generator().manual_seed(0))


def test_a_good_recording_gives_no_doubts():
    assert voice_doubts(noise(1.0), 16000) == []
    assert voice_doubts(noise(1.0, 8000), 8000) == []  # the model was made for telephones


def test_a_short_one_is_told_with_its_length():
    assert voice_doubts(noise(0.34), 16000) == ["it is 0.3 s long, which is little to know a voice by"]


def test_near_silence_is_told():
    assert voice_doubts(noise(1.0, level=0.0005), 16000) == ["it is almost silent"]
    assert voice_doubts(noise(1.0, level=0.002), 16000) == []
    assert len(voice_doubts(torch.zeros(0), 16000)) == 2


def test_speech_that_went_through_a_telephone_is_told_apart(speech_manifest):
    for item in speech_manifest("librispeech")[::20]:
        samples = load(item["audio"])[0][0, : 5 * 16000]
        assert voice_doubts(samples, 16000) == [], item["audio"]
        narrow = F.resample(F.resample(samples, 16000, 8000), 8000, 16000)
        assert voice_doubts(narrow, 16000) == ["it has nothing above 4000 Hz, as if it came through a telephone"]


def test_blocks_are_heard_as_one(speech_manifest):
    samples = noise(2.3)
    assert voice_doubts(samples.split(16000), 16000) == voice_doubts(samples, 16000) == []
    assert voice_doubts(iter([noise(0.3), noise(0.01)]), 16000) == [
        "it is 0.3 s long, which is little to know a voice by"
    ]
    narrow = F.resample(F.resample(load(speech_manifest("librispeech")[0]["audio"])[0][0], 16000, 8000), 8000, 16000)
    assert voice_doubts(narrow.split(20000), 16000) == [
        "it has nothing above 4000 Hz, as if it came through a telephone"
    ]
