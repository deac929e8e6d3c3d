"""Chunks of an axis as a mask."""

import torch

from sonovox.augment.chunks import chunk_mask


def test_the_mask_is_that_of_a_loop():
    generator = torch.Generator().manual_seed(0)
    starts = torch.randint(0, 50, (20, 6), generator=generator)
    ends = (starts + torch.randint(0, 20, (20, 6), generator=generator)).clamp_max(50)
    expected = torch.zeros(20, 50, dtype=torch.bool)
    for item in range(20):
        for start, end in zip(starts[item].tolist(), ends[item].tolist(), strict=True):
            expected[item, start:end] = True
    assert torch.equal(chunk_mask(starts, ends, 50), expected)
