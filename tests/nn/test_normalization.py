import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm1d, InstanceNorm2d, LayerNorm

FRAMES = torch.randn(4, 9, 6, generator=torch.Generator().manual_seed(0)) * 3 + 2
IMAGE = torch.randn(4, 9, 5, 3, generator=torch.Generator().manual_seed(0)) * 3 + 2

# layer, input, dimensions that are normalised together
CASES = [
    (BatchNorm1d(input_size=6), FRAMES, (0, 1)),
    (BatchNorm1d(input_size=6, combine_batch_time=True), FRAMES, (0, 1)),
    (BatchNorm1d(input_size=9, skip_transpose=True), FRAMES, (0, 2)),
    (BatchNorm1d(input_shape=[None, None, 5, 3], combine_batch_time=True), IMAGE, (0, 1, 2)),
    (BatchNorm2d(input_size=3), IMAGE, (0, 1, 2)),
    (LayerNorm(6), FRAMES, (2,)),
    (LayerNorm(input_shape=[None, None, 5, 3]), IMAGE, (2, 3)),
    (InstanceNorm1d(input_size=6), FRAMES, (1,)),
    (InstanceNorm2d(input_size=3), IMAGE, (1, 2)),
    (GroupNorm(input_size=6, num_groups=1), FRAMES, (1, 2)),
    (GroupNorm(input_size=6), FRAMES, (1,)),
]


@pytest.mark.parametrize(("layer", "x", "dims"), CASES)
def test_each_group_has_mean_zero_and_deviation_one(layer, x, dims):
    y = layer.train()(x)
    expected = (x - x.mean(dims, keepdim=True)) / x.std(dims, keepdim=True, unbiased=False)
    torch.testing.assert_close(y, expected, rtol=1e-3, atol=1e-4)  # eps = 1e-5 on the variance


def test_running_statistics_serve_evaluation():
    norm = BatchNorm1d(input_size=6, momentum=1.0)
    norm(FRAMES)
    expected = (FRAMES - FRAMES.mean((0, 1))) / FRAMES.std((0, 1))
    torch.testing.assert_close(norm.eval()(FRAMES), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("build", [BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d, GroupNorm, LayerNorm])
def test_a_size_is_needed(build):
    with pytest.raises(ArgumentError, match="must be given"):
        build()
