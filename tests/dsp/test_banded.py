import pytest
import torch

from sonovox.dsp.banded import banded_product, banded_product_into, cut_bands


def band_matrix(rows, columns):
    distance = torch.arange(rows)[:, None] / rows - torch.arange(columns) / columns
    return (0.1 - distance.abs()).clamp(min=0) * 10


@pytest.mark.parametrize("width", [1, 5, 16, 100])
def test_equals_the_dense_product(width):
    matrix, x = band_matrix(70, 43), torch.randn(6, 70, generator=torch.Generator().manual_seed(0))
    blocks, out = cut_bands(matrix, width=width), torch.full((6, 43), torch.nan)
    banded_product_into(x, blocks, out)
    torch.testing.assert_close(out, x @ matrix)
    torch.testing.assert_close(banded_product(x, blocks), x @ matrix)


def test_holds_little_of_a_narrow_band():
    blocks = cut_bands(band_matrix(400, 80), width=16)
    assert sum(block.values.numel() for block in blocks) < 0.5 * 400 * 80


def test_empty_columns_give_zeros():
    out = torch.full((2, 3), torch.nan)
    banded_product_into(torch.ones(2, 4), cut_bands(torch.zeros(4, 3)), out)
    assert out.eq(0).all()


def test_two_columns_take_the_way_of_narrow_results():
    x, matrix = torch.rand(50, 30), torch.rand(30, 2)
    out = torch.full((50, 2), torch.nan)
    banded_product_into(x, cut_bands(matrix), out)
    torch.testing.assert_close(out, x @ matrix)
