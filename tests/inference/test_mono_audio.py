import io

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError
from sonovox.inference.mono_audio import audio_name, mono_blocks, mono_stretch


def tone(sample_rate, seconds=1.5):
    time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
    return (0.5 * torch.sin(2 * torch.pi * 300 * time)).float()


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_rate_and_number_of_channels_is_heard_alike(tmp_path, sample_rate, channels):
    stereo = tone(sample_rate).repeat(channels, 1)
    sonovox.save(tmp_path / "a.wav", stereo, sample_rate, encoding="PCM_F", bits_per_sample=32)
    of_file = torch.cat(list(mono_blocks(tmp_path / "a.wav", None, 16000, block_seconds=0.4)))
    (of_samples,) = mono_blocks(stereo, sample_rate, 16000)
    # The edges of a resampled signal ring; inside, float32 is all that is lost.
    torch.testing.assert_close(of_file[1600:-1600], tone(16000)[1600:-1600], atol=1e-5, rtol=0)
    torch.testing.assert_close(of_samples, of_file, atol=1e-6, rtol=0)


def test_a_file_comes_in_blocks_and_samples_in_one(tmp_path):
    sonovox.save(tmp_path / "a.wav", tone(16000)[None], 16000)
    assert [len(block) for block in mono_blocks(tmp_path / "a.wav", None, 16000, block_seconds=1.0)] == [16000, 8000]
    assert [len(block) for block in mono_blocks(tone(16000), 16000, 16000)] == [24000]


@pytest.mark.parametrize(
    ("samples", "sample_rate", "error", "complaint"),
    [
        (tone(16000), None, ArgumentError, "samples need their sample_rate"),
        (tone(16000), 0, ArgumentError, "sample_rate must be positive, got 0"),
        (tone(16000)[None, None], 16000, ArgumentError, r"samples must be \(time,\) or \(channels, time\)"),
        (torch.zeros(9, dtype=torch.int16), 16000, ArgumentError, "samples must be floating point, got int16"),
        (torch.tensor([0.0, torch.nan]), 16000, NonFiniteAudioError, "the samples contain NaN or infinity"),
    ],
)
def test_samples_that_cannot_be_heard_are_refused(samples, sample_rate, error, complaint):
    with pytest.raises(error, match=complaint):
        list(mono_blocks(samples, sample_rate, 16000))


def test_names_for_messages(tmp_path):
    assert audio_name(tmp_path / "a.wav") == str(tmp_path / "a.wav")
    assert audio_name(torch.zeros(1)) == "the tensor"
    assert audio_name(io.BytesIO())


@pytest.mark.parametrize("sample_rate", [16000, 44100])
def test_a_stretch_of_a_file_is_what_lies_there(tmp_path, sample_rate):
    sonovox.save(tmp_path / "a.wav", tone(sample_rate, 3.0).repeat(2, 1), sample_rate)
    blocks = list(mono_stretch(tmp_path / "a.wav", 0.5, 2.25, 16000, block_seconds=1.0))
    assert [len(block) for block in blocks] == [16000, 12000]
    # The edges of a resampled signal ring.
    torch.testing.assert_close(torch.cat(blocks)[800:-800], tone(16000, 3.0)[8800:35200], atol=1e-4, rtol=0)


def test_a_stretch_ends_with_the_file(tmp_path):
    sonovox.save(tmp_path / "a.wav", tone(16000)[None], 16000)
    assert [len(block) for block in mono_stretch(tmp_path / "a.wav", 1.0, 9.0, 16000)] == [8000]
    assert list(mono_stretch(tmp_path / "a.wav", 1.0, 1.0, 16000)) == []
    assert list(mono_stretch(tmp_path / "a.wav", 5.0, 9.0, 16000)) == []
