import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from sonovox._kernels import load
from sonovox._kernels.interpolate import (
    TAPS,
    TERMS,
    Grid,
    interpolate,
    interpolate_by_index,
    interpolate_piece,
)

GRID = Grid(step=13, unit=7, frame=60, hop=40)
BLOCKS, LENGTH = 3, 64  # 119 samples at 13 / 7 of one


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def table(parts=5):
    return noise(parts, TERMS, TAPS, seed=1)


def one_by_one(blocks, table, grid, length):
    """The formula, sample after sample, in exact positions."""
    y = np.zeros((len(blocks), length))
    for m in range(length):
        sample, rest = divmod(m * grid.step, grid.unit)
        block, own = divmod(sample, grid.hop)
        part, within = divmod(rest / grid.unit * len(table), 1.0)
        weights = np.polynomial.polynomial.polyval(within, table[int(part)].flip(0).numpy())
        begin = own + (grid.frame - grid.hop) // 2 - TAPS // 2 + 1
        y[:, m] = blocks[:, block, begin : begin + TAPS].numpy() @ weights
    return y


@pytest.mark.parametrize("path", [interpolate, interpolate_by_index])
@pytest.mark.parametrize("grid", [GRID, Grid(3, 8, 58, 40), Grid(160, 7, 60, 40), Grid(2, 1, 56, 40)])
def test_both_paths_equal_the_formula(path, grid):
    blocks, length = noise(2, BLOCKS, grid.frame), grid.first_output(BLOCKS)
    expected = one_by_one(blocks, table(), grid, length)
    np.testing.assert_allclose(path(blocks, table(), grid, length).numpy(), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_kernel_equals_its_reference(compiled, dtype):
    blocks, tolerance = noise(2, BLOCKS, GRID.frame).to(dtype), 1e-5 if dtype == torch.float32 else 1e-12
    arguments = table().to(dtype), GRID, LENGTH
    reference = interpolate_by_index(blocks, *arguments)
    torch.testing.assert_close(interpolate(blocks, *arguments), reference, rtol=tolerance, atol=tolerance)
    gradient = noise(2, LENGTH, seed=2).to(dtype)
    reference = interpolate_by_index(gradient, *arguments, blocks=BLOCKS)
    by_kernel = torch.ops.sonovox.interpolate(gradient, arguments[0], *GRID, BLOCKS, LENGTH, True)
    torch.testing.assert_close(by_kernel, reference, rtol=tolerance, atol=tolerance)


def test_without_the_kernels_the_reference_does_the_work(monkeypatch):
    blocks, out = noise(1, BLOCKS, GRID.frame), torch.empty(LENGTH, dtype=torch.float64)
    expected = interpolate(blocks, table(), GRID, LENGTH)
    monkeypatch.setattr("sonovox._kernels.interpolate.kernels", lambda: load.Kernels(None, "switched off"))
    torch.testing.assert_close(interpolate(blocks, table(), GRID, LENGTH), expected, rtol=1e-12, atol=1e-12)
    interpolate_piece(blocks[0], table(), GRID, 0, out)
    torch.testing.assert_close(out, expected[0], rtol=1e-12, atol=1e-12)


def test_the_reference_works_in_pieces(monkeypatch):
    blocks, gradient = noise(2, BLOCKS, GRID.frame), noise(2, LENGTH)
    there, back = (
        interpolate_by_index(blocks, table(), GRID, LENGTH),
        interpolate_by_index(gradient, table(), GRID, LENGTH, BLOCKS),
    )
    monkeypatch.setattr("sonovox._kernels.interpolate.OUTPUTS_AT_ONCE", 10)
    torch.testing.assert_close(interpolate_by_index(blocks, table(), GRID, LENGTH), there)
    torch.testing.assert_close(interpolate_by_index(gradient, table(), GRID, LENGTH, BLOCKS), back)


def test_pieces_are_the_whole():
    blocks = noise(1, BLOCKS, GRID.frame)
    whole = interpolate(blocks, table(), GRID, LENGTH)[0]
    for first in range(BLOCKS):
        start, end = GRID.first_output(first), min(GRID.first_output(first + 1), LENGTH)
        out = torch.empty(end - start, dtype=torch.float64)
        interpolate_piece(blocks[0, first : first + 1], table(), GRID, first, out)
        assert torch.equal(out, whole[start:end])


def test_what_is_not_finite_stays_within_the_taps():
    blocks = noise(1, 1, 600)
    blocks[0, 0, 300] = float("nan")
    touched = interpolate(blocks, table(), Grid(1, 1, 600, 580), 580)[0].isnan().nonzero().flatten()
    assert touched.tolist() == list(range(290 - TAPS // 2, 290 + TAPS // 2))


def test_no_samples_are_no_work():
    for path in (interpolate, interpolate_by_index):
        assert path(noise(0, BLOCKS, GRID.frame), table(), GRID, LENGTH).shape == (0, LENGTH)
        assert path(noise(2, BLOCKS, GRID.frame), table(), GRID, 0).shape == (2, 0)


# Said by torch itself at its first forward derivative.
@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")
def test_derivatives():
    blocks = noise(2, 2, GRID.frame).requires_grad_()
    assert gradcheck(
        lambda x: interpolate(x, table(), GRID, 40), blocks, check_forward_ad=True, check_batched_grad=True
    )
    assert gradgradcheck(lambda x: interpolate(x, table(), GRID, 40), blocks)


def test_vmap_is_a_loop():
    blocks = noise(4, 2, BLOCKS, GRID.frame)
    weights = table()
    looped = torch.stack([interpolate(item, weights, GRID, LENGTH) for item in blocks])
    torch.testing.assert_close(torch.vmap(lambda x: interpolate(x, weights, GRID, LENGTH))(blocks), looped)
    with pytest.raises(NotImplementedError, match="not mapped over"):
        torch.vmap(lambda t: interpolate(blocks[0], t, GRID, LENGTH))(table().expand(2, -1, -1, -1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torch_finds_the_rules_of_the_operator_consistent():
    blocks = noise(2, BLOCKS, GRID.frame).requires_grad_()
    torch.library.opcheck(torch.ops.sonovox.interpolate.default, (blocks, table(), *GRID, BLOCKS, LENGTH, False))
