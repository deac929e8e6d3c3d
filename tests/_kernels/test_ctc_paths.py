import pytest
import torch

from sonovox._kernels.ctc_paths import ctc_paths, ctc_paths_by_frames
from sonovox._kernels.load import kernels

needs_kernels = pytest.mark.skipif(kernels().library is None, reason=f"no kernels: {kernels().reason}")


def batch(seed, *, steps=None, dtype=torch.float32):
    """Items of random lengths; with `steps` the scores are so few different ones that paths tie."""
    generator = torch.Generator().manual_seed(seed)
    log_probs = torch.randn(6, 25, 5, generator=generator, dtype=dtype)
    if steps:
        log_probs = (log_probs * steps).round() / steps
    targets = torch.randint(1, 5, (6, 7), generator=generator)
    labels = torch.randint(0, 8, (6,), generator=generator)
    repeats = torch.stack([(t[1:n] == t[: n - 1]).sum() if n else n for t, n in zip(targets, labels, strict=True)])
    shortest = labels + repeats
    frames = shortest + (torch.rand(6, generator=generator) * (26 - shortest)).long()
    return log_probs, targets, frames, labels, 0


@needs_kernels
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [None, 1])
def test_kernel_and_reference_give_the_same_paths(steps, dtype):
    for seed in range(30):
        inputs = batch(seed, steps=steps, dtype=dtype)
        assert torch.equal(ctc_paths(*inputs), ctc_paths_by_frames(*inputs))


def test_between_equal_paths_the_one_that_stays_is_taken():
    flat = torch.full((1, 9, 4), -1.0)
    for function in (ctc_paths, ctc_paths_by_frames):
        path = function(flat, torch.tensor([[1, 2]]), torch.tensor([9]), torch.tensor([2]), 0)
        assert path.tolist() == [[1, 2, 2, 2, 2, 2, 2, 2, 2]]


@pytest.mark.parametrize("function", [ctc_paths, ctc_paths_by_frames])
def test_nothing_to_align_is_all_blank(function):
    none = torch.zeros(2, 0, dtype=torch.long)
    lengths = torch.tensor([4, 0])
    assert function(torch.randn(2, 4, 3), none, lengths, 0 * lengths, 2).tolist() == [[2] * 4] * 2
    assert function(torch.randn(2, 0, 3), none, 0 * lengths, 0 * lengths, 2).shape == (2, 0)
    assert function(torch.randn(0, 4, 3), none[:0], lengths[:0], lengths[:0], 2).shape == (0, 4)


@pytest.mark.parametrize("function", [ctc_paths, ctc_paths_by_frames])
def test_half_precision_and_strided_scores_are_taken(function):
    log_probs, *rest = batch(0)
    expected = function(log_probs.bfloat16().float(), *rest)
    assert torch.equal(function(log_probs.bfloat16(), *rest), expected)
    turned = log_probs.bfloat16().float().movedim(1, 2).contiguous().movedim(2, 1)
    assert torch.equal(function(turned, *rest), expected)
