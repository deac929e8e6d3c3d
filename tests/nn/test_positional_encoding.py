import math

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn.positional_encoding import PositionalEncoding, RelPosEncXL


def _published(places, size):
    """Vaswani et al., section 3.5, in float64."""
    table = np.zeros((len(places), size))
    for row, place in enumerate(places):
        for i in range(size // 2):
            angle = place / 10000 ** (2 * i / size)
            table[row, 2 * i : 2 * i + 2] = math.sin(angle), math.cos(angle)
    return torch.from_numpy(table)


def test_places_have_the_published_sines():
    encoding = PositionalEncoding(12)(torch.zeros(3, 50, 12))
    # Angles up to 50 in float32
    torch.testing.assert_close(encoding[0].double(), _published(range(50), 12), atol=1e-5, rtol=0)


def test_places_go_on_past_any_table():
    encoding = PositionalEncoding(4, max_len=10)(torch.zeros(1, 5000, 4))
    # Angles up to 5000 in float32 are right to 2e-4
    torch.testing.assert_close(encoding[0].double(), _published(range(5000), 4), atol=5e-4, rtol=0)


def test_places_begin_where_they_are_told():
    encoding = PositionalEncoding(8)
    x = torch.zeros(1, 20, 8)
    torch.testing.assert_close(encoding(x[:, 12:], first=12), encoding(x)[:, 12:])


def test_distances_are_those_of_the_past_and_then_of_the_future():
    distances = RelPosEncXL(6)(torch.zeros(2, 4, 1))
    torch.testing.assert_close(distances[0].double(), _published([3, 2, 1, 0, 1, 2, 3], 6), atol=1e-6, rtol=0)


def test_distances_reach_back_to_the_steps_before():
    encoding = RelPosEncXL(6)
    assert encoding(torch.zeros(1, 3, 1), before=5).equal(encoding(torch.zeros(1, 8, 1)))


@pytest.mark.parametrize("kind", [PositionalEncoding, RelPosEncXL])
def test_sines_of_half_precision_are_rounded_ones_of_single(kind):
    x = torch.zeros(1, 600, 8)
    assert kind(8)(x.bfloat16()).equal(kind(8)(x).bfloat16())


@pytest.mark.parametrize("kind", [PositionalEncoding, RelPosEncXL])
def test_a_sine_needs_its_cosine(kind):
    with pytest.raises(ArgumentError, match="must be even, got 7"):
        kind(7)


def test_tables_of_speechbrain_are_passed_over():
    PositionalEncoding(8).load_state_dict({"pe": torch.zeros(1, 2500, 8)})
    RelPosEncXL(8).load_state_dict({"inv_freq": torch.zeros(4)})
