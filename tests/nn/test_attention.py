import math

import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention import MultiheadAttention, attend, check_heads
from sonovox.nn.attention_masks import get_lookahead_mask

PADDING = torch.tensor([[False] * 7, [False] * 4 + [True] * 3])


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True}])
def test_it_is_the_attention_of_torch(options, weights):
    ours = MultiheadAttention(nhead=4, d_model=16, kdim=10, vdim=6, **options)
    torchs = nn.MultiheadAttention(16, 4, kdim=10, vdim=6, batch_first=True, **options)
    torchs.load_state_dict(ours.att.state_dict())
    query, key, value = torch.randn(2, 5, 16), torch.randn(2, 7, 10), torch.randn(2, 7, 6)
    mask = torch.rand(5, 7) > 0.7
    mask[:, 0] = False
    result, by_key = ours(query, key, value, mask, PADDING, return_attn_weights=weights)
    expected, expected_by_key = torchs(query, key, value, attn_mask=mask, key_padding_mask=PADDING)
    torch.testing.assert_close(result, expected)
    if weights:
        torch.testing.assert_close(by_key, expected_by_key)
    else:
        assert by_key is None


def test_a_sequence_attends_to_itself_as_to_a_copy():
    attention = MultiheadAttention(nhead=2, d_model=8)
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(attention(x, x, x)[0], attention(x, x.clone(), x.clone())[0])


def test_numbers_are_added_to_the_scores():
    x = torch.randn(1, 2, 4, 3)
    added = torch.randn(4, 4)
    by_hand = ((x @ x.mT) / math.sqrt(3) + added).softmax(-1)
    for weights in (True, False):
        result, by_key = attend(x, x, x, added, return_weights=weights)
        torch.testing.assert_close(result, (by_hand @ x).transpose(1, 2).flatten(2))
        if weights:
            torch.testing.assert_close(by_key, by_hand.mean(1))


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("boolean", [True, False])
def test_a_query_that_sees_nothing_gives_zeros_and_a_finite_gradient(weights, boolean):
    x = torch.randn(1, 2, 3, 4, requires_grad=True)
    mask = torch.tensor([[True, True, True], [False, True, True], [False, False, True]])
    mask = mask if boolean else torch.zeros(3, 3).masked_fill(mask, -math.inf)
    result, _ = attend(x, x, x, mask, return_weights=weights)
    assert result[:, 0].eq(0).all()
    assert result.isfinite().all()
    result.square().sum().backward()
    assert x.grad.isfinite().all()


def test_weights_are_dropped_in_training_only():
    attention = MultiheadAttention(nhead=2, d_model=8, dropout=0.5)
    x = torch.randn(2, 9, 8)
    assert not attention(x, x, x)[0].equal(attention(x, x, x)[0])
    attention.eval()
    assert attention(x, x, x)[0].equal(attention(x, x, x)[0])


def test_no_step_hears_of_the_future():
    attention = MultiheadAttention(nhead=2, d_model=8)
    x = torch.randn(1, 6, 8)
    changed = x.clone()
    changed[:, 4:] *= -1
    mask = get_lookahead_mask(x)
    torch.testing.assert_close(attention(x, x, x, mask)[0][:, :4], attention(*[changed] * 3, mask)[0][:, :4])


@pytest.mark.parametrize("heads", [0, 3])
def test_heads_divide_the_features(heads):
    with pytest.raises(ArgumentError, match=f"must divide the 8 features, got {heads}"):
        check_heads(heads, 8)
