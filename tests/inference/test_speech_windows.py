import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference.speech_windows import place_windows, window_samples


@pytest.mark.parametrize(("begin", "end"), [(0, 40), (5, 47), (3, 8), (7, 17), (0, 11)])
def test_windows_cover_a_stretch_and_nothing_else(begin, end):
    windows = place_windows(begin, end, size=10, hop=4)
    covered = {place for one, other in windows for place in range(one, other)}
    assert covered == set(range(begin, end))
    assert all(other - one == min(10, end - begin) for one, other in windows)
    assert len(set(windows)) == len(windows)
    assert windows == sorted(windows)


def test_no_samples_no_windows():
    assert place_windows(4, 4, size=10, hop=4) == []
    for hop in (0, 11):
        with pytest.raises(ArgumentError, match="hop must be from 1 to size=10"):
            place_windows(0, 40, size=10, hop=hop)


@pytest.mark.parametrize("block", [1, 3, 7, 50])
def test_samples_are_those_of_the_recording_whatever_its_blocks(block):
    recording = torch.arange(50.0)
    windows = [(0, 10), (4, 14), (30, 33), (38, 48)]
    found = list(window_samples(recording.split(block), windows))
    assert [window for window, _ in found] == windows
    for (begin, end), samples in found:
        assert torch.equal(samples, recording[begin:end])


def test_what_the_recording_has_not_is_cut():
    found = list(window_samples([torch.arange(20.0)], [(5, 10), (15, 25), (30, 40)]))
    assert [(window, len(samples)) for window, samples in found] == [((5, 10), 5), ((15, 25), 5)]


def test_no_more_than_a_window_and_a_block_is_held():
    held = []

    def blocks():
        for _ in range(100):
            yield torch.zeros(10)

    for _, samples in window_samples(blocks(), [(begin, begin + 20) for begin in range(0, 980, 10)]):
        held.append(samples.untyped_storage().nbytes() // 4)
    assert max(held) <= 40
