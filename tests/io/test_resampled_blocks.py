"""Resampling piece by piece; `test_stream` has more, through files."""

import numpy as np
import pytest
import torch

from sonovox.dsp.resample import resample
from sonovox.io.resampled_blocks import SampleQueue, resampled_blocks


@pytest.mark.parametrize(("before", "after"), [(8000, 44100), (16000, 8000), (44100, 16000)])
@pytest.mark.parametrize("block", [997, 100_000])
def test_pieces_are_the_whole(before, after, block):
    samples = torch.randn(2, 300_000, generator=torch.Generator().manual_seed(0))
    found = np.concatenate(list(resampled_blocks((part.numpy() for part in samples.split(block, 1)), before, after)), 1)
    np.testing.assert_allclose(found, resample(samples, before, after).numpy(), atol=1e-5, rtol=0)


def test_nothing_becomes_nothing():
    assert list(resampled_blocks([], 8000, 16000)) == []


def test_a_queue_gives_and_forgets():
    queue = SampleQueue()
    for part in ([[1, 2]], [[3, 4, 5]]):
        queue.push(np.array(part))
    assert queue.first(3).tolist() == [[1, 2, 3]]
    queue.drop(2)
    assert (queue.length, queue.first(3).tolist()) == (3, [[3, 4, 5]])
