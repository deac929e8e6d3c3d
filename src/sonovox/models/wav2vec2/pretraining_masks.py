"""Which frames are masked in pretraining, and with which others each is compared.

Baevski et al., "wav2vec 2.0", NeurIPS 2020, sections 3.1 and 3.2. Random numbers are
torch's, so that a seed and a resumed run give the same ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.data.padding import batch_pad_right

__all__ = ["compute_mask", "negative_indices", "sample_negatives", "w2v_mask_collate_fn"]


def compute_mask(shape: Sequence[int], sample_lens: Sequence[int], mask_prob: float, mask_length: int) -> Tensor:
    """A mask `(batch, time)` with the same number of True in each item, so that masked frames form a tensor.

    Spans of `mask_length` steps begin at random places of each item, as many as cover
    about `mask_prob` of the shortest; where spans overlap, single steps make up for it.

    Args:
        shape: (batch, time).
        sample_lens: steps of each item; none is masked beyond them.
        mask_prob: share of the steps of the shortest item, in (0, 1).
        mask_length: steps of a span.

    Raises:
        ArgumentError: another number of lengths than items, or an item that is too short for a span and one more step.

    >>> mask = compute_mask((2, 30), [30, 20], mask_prob=0.5, mask_length=4)
    >>> mask.shape, bool(mask.sum(1).unique().numel() == 1), bool(mask[1, 20:].any())
    (torch.Size([2, 30]), True, False)
    """
    batch, time = shape
    if len(sample_lens) != batch or not 0 < mask_prob < 1 or mask_length < 1:
        raise ArgumentError(
            "sample_lens must have a length for each item, mask_prob be in (0, 1) and mask_length at least 1, "
            f"got {len(sample_lens)} for {batch} items, {mask_prob} and {mask_length}"
        )
    shortest = int(min(sample_lens))
    if shortest <= mask_length or max(sample_lens) > time:
        raise ArgumentError(
            f"items must have more than mask_length = {mask_length} steps and at most {time}, "
            f"got from {shortest} to {int(max(sample_lens))}",
            hint="leave out the shortest recordings, or mask shorter spans",
        )
    spans = int(mask_prob * shortest / mask_length + torch.rand(()).item() + 1)
    # Something to see stays in the shortest item.
    spans = min(spans, max(1, (shortest - 1) // mask_length))
    wanted = spans * mask_length
    mask = torch.zeros(batch, time, dtype=torch.bool)
    for row, length in zip(mask, sample_lens, strict=True):
        starts = torch.randperm(int(length) - mask_length + 1)[:spans]
        row[(starts[:, None] + torch.arange(mask_length)).flatten()] = True
        free = (~row[: int(length)]).nonzero().flatten()
        missing = wanted - int(row.sum())
        row[free[torch.randperm(len(free))[:missing]]] = True
    return mask


def negative_indices(counts: Tensor, time: int, number: int, generator: torch.Generator | None = None) -> Tensor:
    """Places `(batch, time, number)` of other steps of the same item, drawn with repetition, each as likely.

    Args:
        counts: `(batch,)`, steps of each item.
        time: steps of the padded axis; what is drawn for padding has no meaning.
        number: of others for each step. An item of a single step has none, and gets that step.
        generator: of random numbers; torch's own for the device of `counts` without one.

    >>> drawn = negative_indices(torch.tensor([4, 2]), time=4, number=3)
    >>> drawn.shape, drawn[1, 0], drawn[1, 1]
    (torch.Size([2, 4, 3]), tensor([1, 1, 1]), tensor([0, 0, 0]))
    """
    device = counts.device if generator is None else generator.device
    chance = torch.rand((len(counts), time, number), generator=generator, device=device).to(counts.device)
    last = (counts - 1).clamp(min=0).view(-1, 1, 1)
    # float32 may round chance * last up to last itself.
    drawn = torch.minimum((chance * last).long(), (last - 1).clamp(min=0))
    own = torch.arange(time, device=counts.device).view(1, -1, 1)
    return torch.minimum(drawn + (drawn >= own), last)  # those from the step on move by one


def sample_negatives(y: Tensor, num_neg: int) -> Tensor:
    """Other steps of the same item for each step, `(num_neg, batch, time, channels)`.

    (SpeechBrain's offset between items is one step short, so that from the second item on some are the step itself or
    of the item before.)

    Args:
        y: `(batch, time, channels)`, targets.
        num_neg: for each step.

    >>> sample_negatives(torch.zeros(2, 5, 4), num_neg=3).shape
    torch.Size([3, 2, 5, 4])
    """
    batch, time, channels = y.shape
    counts = torch.full((batch,), time, device=y.device)
    drawn = negative_indices(counts, time, num_neg).flatten(1)  # (batch, time * num_neg)
    found = y.gather(1, drawn.unsqueeze(-1).expand(-1, -1, channels))
    return found.unflatten(1, (time, num_neg)).permute(2, 0, 1, 3)


def w2v_mask_collate_fn(
    samples_lst: Sequence[Mapping[str, Any]],
    get_out_len_fn: Callable[[Tensor], Tensor],
    mask_prob: float,
    mask_length: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Items in one batch, with the mask over their frames: padded recordings, their lengths, the mask.

    Args:
        samples_lst: items with a recording `(samples,)` under `"sig"`.
        get_out_len_fn: frames of so many samples, such as `W2VLatentExtractor.get_output_lengths`.
        mask_prob: see `compute_mask`.
        mask_length: see there.

    Returns:
        `(batch, samples)`, shares of the longest `(batch,)`, and `(batch, frames)`.

    >>> items = [{"id": "a", "sig": torch.ones(4000)}, {"id": "b", "sig": torch.ones(3200)}]
    >>> wavs, lengths, mask = w2v_mask_collate_fn(items, lambda samples: samples // 160, 0.5, 4)
    >>> wavs.shape, lengths, mask.shape
    (torch.Size([2, 4000]), tensor([1.0000, 0.8000]), torch.Size([2, 25]))
    """
    signals = [sample["sig"] for sample in samples_lst]
    frames = [int(get_out_len_fn(torch.as_tensor(len(signal)))) for signal in signals]
    waves, lengths = batch_pad_right(signals)
    return waves, lengths, compute_mask((len(signals), max(frames)), frames, mask_prob, mask_length)
