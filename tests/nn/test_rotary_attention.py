import cmath
import math

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import RoPEMHA


def _by_the_paper(attention, x):
    """Su et al., section 3.2: pairs of features as complex numbers, turned by place times frequency."""
    size = x.shape[-1] // attention.num_heads
    w = attention.in_proj_weight.unflatten(0, (attention.num_heads, 3, size))
    results = []
    for head in w:
        q, k, v = (x @ part.T for part in head)
        turns = torch.tensor(
            [[cmath.exp(1j * place / 10000 ** (2 * i / size)) for i in range(size // 2)] for place in range(x.shape[0])]
        )
        q, k = (torch.view_as_complex(part.unflatten(-1, (-1, 2)).contiguous()) * turns for part in (q, k))
        scores = (q @ k.conj().T).real / math.sqrt(x.shape[-1])
        results.append(scores.softmax(-1) @ v)
    return attention.out_proj(torch.cat(results, dim=-1))


@pytest.mark.parametrize("weights", [True, False])
def test_places_turn_pairs_of_features(weights):
    attention = RoPEMHA(16, 2)
    x = torch.randn(2, 9, 16)
    result, _ = attention(x, x, x, return_attn_weights=weights)
    for item in range(2):
        torch.testing.assert_close(result[item], _by_the_paper(attention, x[item]), atol=1e-5, rtol=1e-5)


def test_only_distances_count():
    attention = RoPEMHA(16, 2)
    x = torch.randn(1, 6, 16)
    padded = torch.cat((torch.randn(1, 20, 16), x), dim=1)
    padding = torch.arange(26).unsqueeze(0) < 20
    later, _ = attention(padded, padded, padded, padding)
    torch.testing.assert_close(later[:, 20:], attention(x, x, x)[0], atol=1e-5, rtol=1e-5)


def test_the_last_queries_give_what_they_give_among_all():
    attention = RoPEMHA(16, 2)
    x = torch.randn(2, 7, 16)
    torch.testing.assert_close(attention(x[:, -3:], x, x)[0], attention(x, x, x)[0][:, -3:])


def test_masks_hide_keys():
    x, padding = torch.randn(2, 5, 8), torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    _, weights = RoPEMHA(8, 2)(x, x, x, padding, torch.eye(5, dtype=torch.bool))
    assert weights.diagonal(dim1=1, dim2=2).eq(0).all()
    assert weights[1, :, 3:].eq(0).all()


def test_a_head_has_pairs():
    with pytest.raises(ArgumentError, match="even number of features, got 12 / 4"):
        RoPEMHA(12, 4)
