import numpy as np
import pytest
import scipy.signal
import torch

from sonovox._kernels import convolve
from sonovox._kernels.convolve import convolve_blocks


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def by_scipy(x, y):
    return scipy.signal.fftconvolve(x.double().numpy(), y.double().numpy(), axes=-1)


LENGTHS = [(1, 1), (32, 32), (33, 31), (2000, 1), (2000, 31), (999, 1000), (5000, 4999), (40000, 700), (70, 9000)]


@pytest.mark.parametrize("block", [None, 32, 256])
@pytest.mark.parametrize(("time", "length"), LENGTHS)
def test_equals_scipy(compiled, monkeypatch, time, length, block):
    if block:
        monkeypatch.setattr(convolve, "_BLOCKS", (block,))
    x, y = noise(2, time), noise(2, length, seed=1)
    expected = by_scipy(x, y)
    found = convolve_blocks(x, y, 0, time + length - 1)
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())


def test_rounds_no_more_than_scipy_does(compiled):
    x, y = noise(100000), noise(20000, seed=1)
    exact = by_scipy(x, y)
    of_scipy = scipy.signal.fftconvolve(x.numpy(), y.numpy())
    found = convolve_blocks(x, y, 0, len(exact)).numpy()
    assert np.linalg.norm(found - exact) < np.linalg.norm(of_scipy - exact)


@pytest.mark.parametrize(
    ("start", "count"), [(0, 1), (31, 2), (32, 32), (500, 1300), (1799, 400), (2198, 1), (1, 2198)]
)
def test_a_part_is_one_of_the_whole(compiled, monkeypatch, start, count):
    monkeypatch.setattr(convolve, "_BLOCKS", (32,))
    x, y = noise(3, 2000), noise(200, seed=1)
    whole = convolve_blocks(x, y, 0, 2199)
    assert torch.equal(convolve_blocks(x, y, start, count), whole[:, start : start + count])


@pytest.mark.parametrize(
    ("of_x", "of_y"), [((3, 1), (1, 2)), ((2,), ()), ((), (2,)), ((1, 2), (3, 1)), ((2, 2), (2, 2))]
)
def test_leading_dimensions_broadcast(compiled, of_x, of_y):
    x, y = noise(*of_x, 300), noise(*of_y, 70, seed=1)
    leading = np.broadcast_shapes(of_x, of_y)
    found = convolve_blocks(x, y, 0, 369)
    assert found.shape == (*leading, 369)
    rows = (tensor.expand(*leading, -1).flatten(0, -2).double() for tensor in (x, y, found))
    for signal, other, sums in zip(*rows, strict=True):
        np.testing.assert_allclose(sums, np.convolve(signal, other), atol=1e-4)


def test_non_contiguous_signals(compiled):
    x, y = noise(400, 2).t(), noise(90, seed=1).flip(0)[::2]
    torch.testing.assert_close(convolve_blocks(x, y, 0, 444), convolve_blocks(x.contiguous(), y.contiguous(), 0, 444))


def test_other_numbers_are_left_to_torch(compiled):
    assert convolve_blocks(noise(100).double(), noise(10).double(), 0, 109) is None
    assert convolve_blocks(noise(100), noise(10).double(), 0, 109) is None
    long = torch.zeros(2**19 + 1)
    assert convolve_blocks(long, long, 0, 1) is None
