"""Recordings one after another."""

import numpy as np
import pytest
import soundfile
import torch

from sonovox.data import read_audio, read_joined_audio
from sonovox.errors import ArgumentError


@pytest.fixture
def ramps(tmp_path):
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, (np.arange(10 + number) + 1) / 64, 8000)
    return paths


def test_a_pause_stands_between_two_and_not_at_the_ends(ramps):
    first, second, third = (read_audio(path) for path in ramps)
    pause = torch.zeros(800)
    expected = torch.cat([first, pause, second, pause, third])
    assert torch.equal(read_joined_audio(ramps, sample_rate=8000), expected)
    without = read_joined_audio(ramps, sample_rate=8000, pause_s=0)
    assert torch.equal(without, torch.cat([first, second, third]))


def test_one_alone_is_read_as_it_is(ramps):
    path = ramps[0]
    for one in (path, str(path), [path], {"file": path}):
        assert torch.equal(read_joined_audio(one, sample_rate=8000), read_audio(path))
    part = read_joined_audio([{"file": path, "start": 2, "stop": 5}] * 2, sample_rate=8000, pause_s=0)
    assert len(part) == 6


def test_the_rate_is_that_of_the_result(ramps):
    joined = read_joined_audio(ramps[:2], sample_rate=16000, pause_s=0.5)
    assert len(joined) == 20 + 8000 + 22


def test_what_cannot_be_joined_is_told(ramps, tmp_path):
    with pytest.raises(ArgumentError, match="at least one recording"):
        read_joined_audio([], sample_rate=8000)
    with pytest.raises(ArgumentError, match="pause_s"):
        read_joined_audio(ramps, sample_rate=8000, pause_s=-1)
    soundfile.write(tmp_path / "two.wav", np.zeros((10, 2)), 8000)
    with pytest.raises(ArgumentError, match="one channel"):
        read_joined_audio([ramps[0], tmp_path / "two.wav"], sample_rate=8000)
