"""What the augmentations of waveforms have in common."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment.signal import (
    check_channels,
    check_range,
    check_spectrogram,
    finished,
    mean_amplitudes,
    peaks,
    prepared,
)


def test_padding_becomes_zero_and_halves_become_singles():
    waves = torch.ones(2, 4, dtype=torch.float16)
    samples, counts, inside = prepared(waves, torch.tensor([1.0, 0.5]))
    assert samples[..., 0].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert samples.dtype == torch.float32
    assert counts.tolist() == [4, 2]
    assert finished(samples + 1, waves, inside).tolist() == [[2, 2, 2, 2], [2, 2, 0, 0]]


def test_amplitudes_are_those_of_the_items_own_samples():
    samples, counts, _ = prepared(torch.tensor([[1.0, -3.0, 9.0, 9.0]]), torch.tensor([0.5]))
    assert mean_amplitudes(samples, counts).tolist() == [[[2.0]]]
    assert peaks(samples).tolist() == [[[3.0]]]


def test_amplitudes_without_samples_are_zero():
    samples, counts, _ = prepared(torch.ones(2, 0), None)
    assert not peaks(samples).any()
    assert not mean_amplitudes(samples, counts).any()


@pytest.mark.parametrize(
    ("waves", "lengths", "words"),
    [
        (torch.ones(4), None, r"unsqueeze\(0\)"),
        (torch.ones(1, 2, 3, 4), None, r"\(batch, time\) or"),
        (torch.ones(2, 4, dtype=torch.int16), None, "32768"),
        (torch.ones(2, 4), torch.ones(3), r"lengths must be \(2,\)"),
    ],
)
def test_other_waveforms_are_refused(waves, lengths, words):
    with pytest.raises(ArgumentError, match=words):
        prepared(waves, lengths)


def test_empty_ranges_are_refused():
    check_range("clip", 0.5, 0.5, 0.0)
    with pytest.raises(ArgumentError, match="clip_low <= clip_high was expected, got 2 and 1"):
        check_range("clip", 2, 1)
    with pytest.raises(ArgumentError, match="0 <= clip_low"):
        check_range("clip", -1, 1, 0)


def test_channels_and_spectrograms_have_three_dimensions():
    check_channels(torch.ones(2, 3, 4))
    check_spectrogram(torch.ones(2, 3, 4))
    with pytest.raises(ArgumentError, match=r"\(batch, time, channels\), got shape \(2, 3\)"):
        check_channels(torch.ones(2, 3))
    with pytest.raises(ArgumentError, match=r"\(batch, time, features\), got shape \(2, 3\)"):
        check_spectrogram(torch.ones(2, 3))
    with pytest.raises(ArgumentError, match="floating point"):
        check_spectrogram(torch.ones(2, 3, 4, dtype=torch.int64))
