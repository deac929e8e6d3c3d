import math

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import RelPosEncXL, RelPosMHAXL
from sonovox.nn.attention_masks import get_lookahead_mask
from sonovox.nn.relative_attention import InterleavedProjection

HEADS, SIZE = 2, 8


def _by_the_paper(attention, x, distances, hidden):
    """Dai et al., section 3.3, pair by pair; weights are stored head by head."""
    time, share = x.shape[0], SIZE // HEADS
    w = attention.in_proj_weight.unflatten(0, (HEADS, 3, share))
    position = attention.linear_pos(distances)
    results = []
    for head in range(HEADS):
        q, k, v = (x @ part.T for part in w[head])
        r = position[:, head * share : (head + 1) * share]
        u, bias = attention.pos_bias_u.flatten().view(HEADS, -1), attention.pos_bias_v.flatten().view(HEADS, -1)
        scores = torch.empty(time, time)
        for i in range(time):
            for j in range(time):
                content = (q[i] + u[head]) @ k[j]
                scores[i, j] = content + (q[i] + bias[head]) @ r[time - 1 - (i - j)]
        weights = (scores / math.sqrt(SIZE)).masked_fill(hidden, -math.inf).softmax(-1)
        results.append(weights @ v)
    return attention.out_proj(torch.cat(results, dim=-1))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_scores_are_those_of_the_paper(causal, weights):
    attention = RelPosMHAXL(SIZE, HEADS, mask_pos_future=causal)
    x = torch.randn(2, 6, SIZE)
    # Of any vectors, so that past and future differ
    distances = torch.randn(1, 11, SIZE)
    hidden = get_lookahead_mask(x) if causal else torch.zeros(6, 6, dtype=torch.bool)
    result, _ = attention(x, x, x, distances, return_attn_weights=weights)
    for item in range(2):
        torch.testing.assert_close(result[item], _by_the_paper(attention, x[item], distances[0], hidden))


def test_one_step_alone():
    attention = RelPosMHAXL(SIZE, HEADS)
    x = torch.randn(3, 1, SIZE)
    result, weights = attention(x, x, x, RelPosEncXL(SIZE)(x))
    assert weights.eq(1).all()
    assert result.isfinite().all()


@pytest.mark.parametrize("queries", [1, 2, 5])
def test_the_last_queries_give_what_they_give_among_all(queries):
    attention = RelPosMHAXL(SIZE, HEADS, vbias=True)
    x = torch.randn(2, 7, SIZE)
    distances = torch.randn(1, 13, SIZE)
    together, _ = attention(x, x, x, distances)
    last, _ = attention(x[:, -queries:], x, x, distances)
    torch.testing.assert_close(last, together[:, -queries:])


def test_masks_hide_keys():
    attention = RelPosMHAXL(SIZE, HEADS)
    x, padding = torch.randn(2, 5, SIZE), torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    mask = torch.eye(5, dtype=torch.bool)
    _, weights = attention(x, x, x, RelPosEncXL(SIZE)(x), padding, mask)
    assert weights[:, mask].eq(0).all()
    assert weights[1, :, 3:].eq(0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5))


def test_distances_of_another_number_of_keys_are_refused():
    attention = RelPosMHAXL(SIZE, HEADS)
    x = torch.randn(2, 5, SIZE)
    for wrong in (RelPosEncXL(SIZE)(x[:, :4]), None):
        with pytest.raises(ArgumentError, match=r"2 \* 5 - 1 distances"):
            attention(x, x, x, wrong)


def test_a_bias_of_values_is_added_to_them():
    projection = InterleavedProjection(SIZE, HEADS, 0.0, True, None)
    x = torch.randn(1, 4, SIZE)
    _, _, before = projection.project(x, x, x)
    with torch.no_grad():
        projection.value_bias_weight += torch.arange(8.0)
    _, _, after = projection.project(x, x, x)
    torch.testing.assert_close((after - before)[0, :, 0].flatten(), torch.arange(8.0))


def test_values_have_the_size_of_the_rest():
    with pytest.raises(ArgumentError, match="vdim must be embed_dim=8, got 4"):
        RelPosMHAXL(SIZE, HEADS, vdim=4)


@pytest.mark.parametrize("boolean", [True, False])
def test_the_future_is_hidden_beside_what_a_mask_hides(boolean):
    attention = RelPosMHAXL(SIZE, HEADS, mask_pos_future=True)
    x = torch.randn(2, 6, SIZE)
    mask = torch.zeros(6, 6, dtype=torch.bool)
    mask[:, 0] = True
    mask[0, 0] = False
    given = mask if boolean else torch.zeros(6, 6).masked_fill(mask, -float("inf"))
    _, weights = attention(x, x, x, RelPosEncXL(SIZE)(x), attn_mask=given)
    assert torch.equal(weights == 0, (mask | torch.ones(6, 6).triu(1).bool()).expand(2, -1, -1))
