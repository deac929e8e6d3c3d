import math

import pytest
import torch

from sonovox.dsp.wave_table import wave_table


@pytest.mark.parametrize("shape", ["sinusoidal", "triangular"])
def test_starts_in_the_middle_and_rises_between_its_bounds(shape):
    table = wave_table(shape, 400, -1.0, 3.0, 0.0)
    assert table[0] == 1.0
    assert table[1] > 1.0
    assert (table.min().item(), table.max().item()) == (-1.0, 3.0)
    assert table.argmax() == 100


def test_the_triangle_is_straight():
    table = wave_table("triangular", 400, 0.0, 1.0, 1.5 * math.pi)
    torch.testing.assert_close(table[:200].diff(), torch.full((199,), 1 / 200, dtype=torch.float64))
    torch.testing.assert_close(table[200:].diff(), torch.full((199,), -1 / 200, dtype=torch.float64))


def test_a_phase_turns_the_table():
    expected = wave_table("sinusoidal", 400, 0.0, 1.0, 0.0).roll(-100)
    torch.testing.assert_close(wave_table("sinusoidal", 400, 0.0, 1.0, math.pi / 2), expected)


def test_a_misspelt_shape_is_named():
    with pytest.raises(ValueError, match="modulation must be one of sinusoidal, triangular, got 'sinusoid'; did you"):
        wave_table("sinusoid", 4, 0.0, 1.0, 0.0)
