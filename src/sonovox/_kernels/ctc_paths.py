"""The best path through the states of connectionist temporal classification, given the transcript.

`ctc_paths.c` does the work, or `ctc_paths_by_frames`, its torch reference. Both
add in float64 and break ties alike: stay rather than move, move rather than jump.
"""

from ctypes import c_int, c_int64, c_void_p

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["ctc_paths", "ctc_paths_by_frames"]


def ctc_paths(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int) -> Tensor:
    """The token of each frame.

    Args:
        log_probs: `(batch, time, classes)`, floating point.
        targets: `(batch, labels)`, int64, all of them classes.
        input_lengths: `(batch,)`, int64, at most `time` and enough for the labels.
        target_lengths: `(batch,)`, int64, at most `labels`.
        blank: class of the blank.

    Returns:
        `(batch, time)`, int64; `blank` beyond the lengths.

    >>> log_probs = torch.tensor([[[0.1, 0.9], [0.6, 0.4], [0.2, 0.8]]]).log()
    >>> ctc_paths(log_probs, torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1]), 0)
    tensor([[1, 1, 1]])
    """
    library = kernels().library
    if library is None or log_probs.device.type != "cpu":
        return ctc_paths_by_frames(log_probs, targets, input_lengths, target_lengths, blank)
    if log_probs.dtype not in (torch.float32, torch.float64):
        log_probs = log_probs.float()
    paths = targets.new_full(log_probs.shape[:2], blank)
    tensors = [tensor.contiguous() for tensor in (log_probs, targets, input_lengths, target_lengths)]
    addresses = (c_void_p(tensor.data_ptr()) for tensor in (*tensors, paths))
    sizes = (c_int64(size) for size in (*log_probs.shape, targets.shape[1], blank))
    if library.sonovox_ctc_paths(*addresses, *sizes, c_int(log_probs.dtype == torch.float64)):
        raise MemoryError("no memory for the paths of an alignment")
    return paths


def ctc_paths_by_frames(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> Tensor:
    """The reference of the kernel: all items and states of a frame at once, on any device.

    >>> log_probs = torch.tensor([[[0.1, 0.9], [0.6, 0.4], [0.2, 0.8]]]).log()
    >>> ctc_paths_by_frames(log_probs, torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1]), 0)
    tensor([[1, 1, 1]])
    """
    batch, time, _ = log_probs.shape
    if batch == 0 or time == 0:
        return targets.new_full((batch, time), blank)
    # States: blank, first label, blank, second label, ..., blank.
    tokens = targets.new_full((batch, 2 * targets.shape[1] + 1), blank)
    tokens[:, 1::2] = targets
    jump = torch.full(tokens.shape, -torch.inf, dtype=torch.float64, device=tokens.device)
    jump[:, 3::2] = torch.where(targets[:, 1:] == targets[:, :-1], -torch.inf, 0.0)  # over the blank between them
    emissions = log_probs.gather(2, tokens[:, None].expand(-1, time, -1)).double().movedim(1, 0)

    scores, arrivals = _viterbi(emissions.contiguous(), jump)
    last = scores[(input_lengths - 1).clamp(min=0), torch.arange(batch, device=tokens.device)]  # (batch, states)
    final = 2 * target_lengths
    on_label = last.gather(1, (final - 1).clamp(min=0)[:, None]) >= last.gather(1, final[:, None])
    state = torch.where(on_label[:, 0] & (target_lengths > 0), final - 1, final)
    beyond = torch.arange(time, device=tokens.device)[:, None] >= input_lengths
    arrivals.masked_fill_(beyond[..., None], 0)
    states = [state]
    for arrival in arrivals[1:].flip(0).unbind():
        state = state - arrival.gather(1, state[:, None])[:, 0]
        states.append(state)
    return tokens.gather(1, torch.stack(states[::-1], dim=1)).masked_fill(beyond.T, blank)


def _viterbi(emissions: Tensor, jump: Tensor) -> tuple[Tensor, Tensor]:
    """Best sums up to each frame and state, `(time, batch, states)`, and by how many states the best path got there.

    `jump` is what it costs to leave a state out.
    """
    time, batch, n_states = emissions.shape
    # Two columns before the first state spare the cases of their own at the edge.
    padded = emissions.new_full((time, batch, n_states + 2), -torch.inf)
    padded[0, :, 2:4] = emissions[0, :, :2]
    stayed, moved, jumped = padded[..., 2:], padded[..., 1:-1], padded[..., :-2]
    best = torch.empty_like(jump)
    rows = zip(stayed.unbind(), moved.unbind(), jumped.unbind(), stayed[1:].unbind(), emissions[1:], strict=False)
    for by_stay, by_move, by_jump, following, emission in rows:
        torch.add(by_jump, jump, out=best)
        torch.maximum(best, by_move, out=best)
        torch.maximum(best, by_stay, out=best)
        torch.add(best, emission, out=following)
    # Which they were is told afterwards, for all frames at once.
    has_moved = moved[:-1] > stayed[:-1]
    has_jumped = jumped[:-1] + jump > torch.maximum(stayed[:-1], moved[:-1])
    arrivals = torch.zeros(emissions.shape, dtype=torch.long, device=jump.device)
    arrivals[1:] = has_moved.long().masked_fill_(has_jumped, 2)
    return stayed, arrivals
