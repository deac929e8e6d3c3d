"""From probabilities of speech to stretches of speech: thresholds, boundaries, merging, listing.

Boundaries are `(segments, 2)`, begin and end in seconds (float32) or samples (int32), in order of time.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError

__all__ = [
    "apply_threshold",
    "check_boundaries",
    "find_boundaries",
    "list_intervals",
    "merge_close_segments",
    "remove_short_segments",
]


def apply_threshold(vad_prob: Tensor, activation_th: float = 0.5, deactivation_th: float = 0.25) -> Tensor:
    """Where speech is, bool, of the shape of `vad_prob`.

    Speech begins at a frame of at least `activation_th` and goes on until one below
    `deactivation_th`, so that a probability around one threshold does not flicker.

    Args:
        vad_prob: `(batch, frames, 1)`.
        activation_th: share of 1.
        deactivation_th: not above `activation_th`.

    Raises:
        ArgumentError: the second threshold lies above the first.

    >>> apply_threshold(torch.tensor([0.3, 0.6, 0.3, 0.2, 0.3]).view(1, 5, 1)).flatten()
    tensor([False,  True,  True, False, False])
    """
    if deactivation_th > activation_th:
        raise ArgumentError(
            f"deactivation_th must not be above activation_th={activation_th}, got {deactivation_th}",
            hint="0.5 and 0.25 are usual",
        )
    frames = torch.arange(1, vad_prob.shape[1] + 1, device=vad_prob.device).view(1, -1, 1)
    # The last frame that switched on, against the last one that switched off.
    on = torch.where(vad_prob >= activation_th, frames, 0).cummax(dim=1).values
    off = torch.where(vad_prob >= deactivation_th, 0, frames).cummax(dim=1).values
    return on > off


def find_boundaries(
    prob_th: Tensor,
    time_resolution: float,
    sample_rate: int,
    output_value: str = "seconds",
    *,
    whole_frames: bool = False,
) -> Tensor:
    """The stretches of ones, `(segments, 2)`: time of the first and of the last frame of each.

    A stretch that reaches the end of the recording ends one frame earlier (if it has
    two), and one of a single frame begins and ends at the same time: so does
    SpeechBrain count, and boundaries are stored and compared this way.

    Args:
        prob_th: zeros and ones, `(1, frames, 1)`.
        time_resolution: of a frame, in seconds.
        sample_rate: in Hz.
        output_value: `"seconds"` (float32) or `"samples"` (int32).
        whole_frames: a stretch ends where its last frame ends.

    Raises:
        ArgumentError: more than one item in the batch.
        ChoiceError: another `output_value`.

    >>> find_boundaries(torch.tensor([0, 1, 1, 1, 0, 0, 1, 0]).view(1, 8, 1), 0.01, 16000, "samples")
    tensor([[160, 480],
            [960, 960]], dtype=torch.int32)
    """
    check_choice("output_value", output_value, ["seconds", "samples"])
    if prob_th.dim() != 3 or prob_th.shape[0] != 1 or prob_th.shape[2] != 1:
        raise ArgumentError(
            f"prob_th must be (1, frames, 1), got {tuple(prob_th.shape)}", hint="take the items one after the other"
        )
    n_frames = prob_th.shape[1]
    speech = torch.nn.functional.pad(prob_th[0, :, 0].bool().int(), (1, 1))
    steps = speech.diff()
    first, last = (steps == 1).nonzero()[:, 0], (steps == -1).nonzero()[:, 0] - 1
    reaches_end = (last == n_frames - 1) & (first < last)
    end = last + 1 if whole_frames else last - reaches_end.long()
    seconds = (torch.stack((first, end), dim=1) * time_resolution).float()
    return (seconds * sample_rate).round().int() if output_value == "samples" else seconds


def merge_close_segments(boundaries: Tensor, close_th: float = 0.25) -> Tensor:
    """`boundaries` with those joined that have at most `close_th` between them.

    >>> merge_close_segments(torch.tensor([[0.0, 1.0], [1.25, 2.0], [2.5, 3.0]]))
    tensor([[0.0000, 2.0000],
            [2.5000, 3.0000]])
    """
    check_boundaries(boundaries)
    if len(boundaries) == 0:
        return boundaries
    begin, end = boundaries.unbind(1)
    end = end.cummax(dim=0).values
    apart = begin[1:] - end[:-1] > close_th
    yes = apart.new_ones(1)
    return torch.stack((begin[torch.cat((yes, apart))], end[torch.cat((apart, yes))]), dim=1)


def remove_short_segments(boundaries: Tensor, len_th: float = 0.25) -> Tensor:
    """Those of `boundaries` that are longer than `len_th`.

    >>> remove_short_segments(torch.tensor([[0.0, 1.0], [1.25, 1.5]]))
    tensor([[0., 1.]])
    """
    check_boundaries(boundaries)
    return boundaries[boundaries[:, 1] - boundaries[:, 0] > len_th]


def list_intervals(boundaries: Tensor, duration: float | None = None) -> str:
    """A line for each stretch of speech and each between them: number, begin, end, SPEECH or NON_SPEECH.

    Args:
        boundaries: in seconds, or in samples.
        duration: of the recording in the same unit, for the stretch behind the last one; None leaves that out.

    >>> print(list_intervals(torch.tensor([[0.5, 1.25]]), duration=2.0), end="")
    segment_001  0.00  0.50 NON_SPEECH
    segment_002  0.50  1.25 SPEECH
    segment_003  1.25  2.00 NON_SPEECH
    """
    check_boundaries(boundaries)
    intervals, last = [], 0.0
    for begin, end in boundaries.tolist():
        if begin > last:
            intervals.append((last, begin, "NON_SPEECH"))
        intervals.append((begin, end, "SPEECH"))
        last = max(last, end)
    if duration is not None and last < duration:
        intervals.append((last, duration, "NON_SPEECH"))
    digits = ".2f" if boundaries.is_floating_point() else ".0f"
    return "".join(
        f"segment_{number:03d}  {begin:{digits}}  {end:{digits}} {kind}\n"
        for number, (begin, end, kind) in enumerate(intervals, start=1)
    )


def check_boundaries(boundaries: Tensor) -> None:
    """Refuse what is not `(segments, 2)`.

    Raises:
        ArgumentError: naming the shape that came.
    """
    if boundaries.dim() != 2 or boundaries.shape[1] != 2:
        raise ArgumentError(
            f"boundaries must be (segments, 2), begin and end, got {tuple(boundaries.shape)}",
            hint="get_boundaries gives them",
        )
