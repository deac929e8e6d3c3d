"""From probabilities to stretches of speech; frames are compared with a loop over them."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.inference.speech_boundaries import (
    apply_threshold,
    check_boundaries,
    find_boundaries,
    list_intervals,
    merge_close_segments,
    remove_short_segments,
)


def frames(*values):
    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1)


def test_thresholds_are_those_of_a_loop_over_frames():
    probabilities = torch.rand(3, 500, 1, generator=torch.Generator().manual_seed(0))
    expected = []
    for item in probabilities[:, :, 0].tolist():
        speaking, row = False, []
        for probability in item:
            speaking = probability >= 0.7 or (speaking and probability >= 0.2)
            row.append(speaking)
        expected.append(row)
    assert apply_threshold(probabilities, 0.7, 0.2)[:, :, 0].tolist() == expected


def test_a_probability_at_a_threshold_counts():
    assert apply_threshold(frames(0.5, 0.25, 0.24, 0.25)).flatten().tolist() == [True, True, False, False]


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ArgumentError, match=r"deactivation_th must not be above activation_th=0\.2, got 0\.5"):
        apply_threshold(frames(0.5), 0.2, 0.5)


# As SpeechBrain 1.1.2 answers, in frames of 10 ms
@pytest.mark.parametrize(
    ("speech", "expected"),
    [
        ([0, 1, 2], [[0, 2]]),
        ([4], [[4, 4]]),
        ([9], [[9, 9]]),
        ([8, 9], [[8, 8]]),
        ([8], [[8, 8]]),
        ([0], [[0, 0]]),
        ([0, 9], [[0, 0], [9, 9]]),
        ([7, 8, 9], [[7, 8]]),
        ([], []),
    ],
)
def test_boundaries_are_first_and_last_frame(speech, expected):
    active = torch.zeros(1, 10, 1)
    active[0, speech] = 1
    samples = find_boundaries(active, 0.01, 16000, "samples")
    assert (samples.dtype, (samples / 160).tolist()) == (torch.int32, expected)
    seconds = find_boundaries(active.bool(), 0.01, 16000)
    torch.testing.assert_close(seconds, torch.tensor(expected).view(-1, 2) / 100)


def test_boundaries_of_a_batch_and_in_other_units_are_refused():
    with pytest.raises(ArgumentError, match=r"prob_th must be \(1, frames, 1\), got \(2, 5, 1\)"):
        find_boundaries(torch.zeros(2, 5, 1), 0.01, 16000)
    with pytest.raises(ChoiceError, match="did you mean seconds"):
        find_boundaries(torch.zeros(1, 5, 1), 0.01, 16000, "second")


def test_segments_join_over_gaps_up_to_the_limit():
    segments = torch.tensor([[0.0, 1.0], [1.25, 2.0], [2.251, 2.5], [2.3, 2.4], [2.6, 3.0]])
    joined = torch.tensor([[0.0, 2.0], [2.251, 3.0]])
    torch.testing.assert_close(merge_close_segments(segments, 0.25), joined)
    assert torch.equal(merge_close_segments(segments[:1]), segments[:1])
    assert merge_close_segments(torch.zeros(0, 2)).shape == (0, 2)


def test_segments_up_to_the_limit_are_short():
    segments = torch.tensor([[0.0, 0.25], [1.0, 1.5]])
    assert remove_short_segments(segments).tolist() == [[1.0, 1.5]]
    assert remove_short_segments(torch.zeros(0, 2)).shape == (0, 2)


def test_intervals_begin_at_zero_and_end_with_the_recording():
    assert list_intervals(torch.tensor([[0.0, 1.0]]), 1.0) == "segment_001  0.00  1.00 SPEECH\n"
    assert list_intervals(torch.zeros(0, 2), 2.0) == "segment_001  0.00  2.00 NON_SPEECH\n"
    assert list_intervals(torch.zeros(0, 2)) == ""
    samples = torch.tensor([[100, 200]], dtype=torch.int32)
    assert list_intervals(samples).splitlines() == ["segment_001  0  100 NON_SPEECH", "segment_002  100  200 SPEECH"]


def test_another_shape_is_told():
    with pytest.raises(ArgumentError, match=r"boundaries must be \(segments, 2\), begin and end, got \(2,\)"):
        check_boundaries(torch.zeros(2))
