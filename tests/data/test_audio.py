"""Sound of items."""

import pytest
import soundfile
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, AudioNotFoundError
from sonovox.data import read_audio, write_audio


@pytest.fixture
def ramp(tmp_path):
    path = tmp_path / "ramp.wav"
    soundfile.write(path, torch.arange(100).div(128).numpy(), 8000)
    return path


def test_one_channel_has_no_channel_axis(ramp):
    samples = read_audio(ramp)
    torch.testing.assert_close(samples, torch.arange(100) / 128)


def test_channels_come_last(tmp_path):
    write_audio(tmp_path / "a.wav", torch.rand(50, 2), 8000)
    assert read_audio(str(tmp_path / "a.wav")).shape == (50, 2)
    assert sonovox.info(tmp_path / "a.wav").num_channels == 2


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({}, slice(None)),
        ({"start": 10}, slice(10, None)),
        ({"stop": 10}, slice(10)),
        ({"start": "10", "stop": "20"}, slice(10, 20)),
        ({"start": 90, "stop": 200}, slice(90, 100)),
    ],
)
def test_a_part_is_read(ramp, part, expected):
    assert torch.equal(read_audio({"file": ramp, **part}), read_audio(ramp)[expected])


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"start": 20, "stop": 10}, "stop must be after start, got start 20 and stop 10"),
        ({"begin": 1}, "file, start, stop, offset, size were expected, got 'begin'"),
    ],
)
def test_a_part_that_is_none_is_refused(ramp, part, said):
    with pytest.raises(ArgumentError, match=said):
        read_audio({"file": ramp, **part})
    with pytest.raises(ArgumentError, match='a mapping with "file"'):
        read_audio({"start": 3})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioNotFoundError, match="nothing"):
        read_audio(tmp_path / "nothing.wav")
