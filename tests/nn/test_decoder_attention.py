import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import ContentBasedAttention, KeyValueAttention, LocationAwareAttention

ATTENTIONS = {
    "content": lambda: ContentBasedAttention(4, 3, 5, 6),
    "location": lambda: LocationAwareAttention(4, 3, 5, 6, conv_channels=2, kernel_size=3),
    "keyvalue": lambda: KeyValueAttention(4, 3, 5, 6),
}


@pytest.fixture(params=ATTENTIONS)
def attention(request):
    torch.manual_seed(0)
    return ATTENTIONS[request.param]()


def test_weights_sum_to_one_and_are_zero_on_padding(attention):
    context, weights = attention(torch.randn(2, 9, 4), torch.tensor([9, 5]), torch.randn(2, 3))
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    assert torch.equal(weights[1, 5:], torch.zeros(4))
    assert context.shape == (2, 6)


def test_the_encoder_is_kept_until_reset(attention):
    counts, query = torch.tensor([9]), torch.randn(1, 3)
    first, other = torch.randn(1, 9, 4), torch.randn(1, 9, 4)
    fresh = attention(other, counts, query)[1]
    attention.reset()
    attention(first, counts, query)
    attention.reset()
    torch.testing.assert_close(attention(other, counts, query)[1], fresh)


def test_a_location_sees_the_weights_of_the_step_before():
    attention = LocationAwareAttention(4, 3, 5, 6, conv_channels=2, kernel_size=3)
    states, counts, query = torch.randn(1, 9, 4), torch.tensor([6]), torch.randn(1, 3)
    _, first = attention(states, counts, query)
    assert torch.equal(attention.prev_attn, first)
    _, second = attention(states, counts, query)
    assert not torch.allclose(first, second)


def test_sharper_scores_give_sharper_weights():
    soft, sharp = ContentBasedAttention(4, 3, 5, 6), ContentBasedAttention(4, 3, 5, 6, scaling=5.0)
    sharp.load_state_dict(soft.state_dict())
    arguments = torch.randn(1, 9, 4), torch.tensor([9]), torch.randn(1, 3)
    assert sharp(*arguments)[1].max() > soft(*arguments)[1].max()


def test_counts_of_another_batch_are_refused(attention):
    with pytest.raises(ArgumentError, match="one count for each of 2 items"):
        attention(torch.randn(2, 9, 4), torch.tensor([9, 5, 3]), torch.randn(2, 3))


def test_hypotheses_of_an_item_share_what_is_kept(attention):
    torch.manual_seed(1)
    states, counts = torch.randn(3, 9, 4).repeat_interleave(5, 0), torch.tensor([9, 5, 7]).repeat_interleave(5)
    queries = torch.randn(2, 15, 3)
    expected = [attention(states, counts, query) for query in queries]
    attention.reset()
    attention.beams = 5
    for query, parts in zip(queries, expected, strict=True):
        for found, part in zip(attention(states, counts, query), parts, strict=True):
            torch.testing.assert_close(found, part)
    assert attention.memory.shape[0] == 3


@torch.no_grad()
def test_items_that_are_kept_go_on(attention):
    torch.manual_seed(1)
    states, counts = torch.randn(3, 9, 4).repeat_interleave(2, 0), torch.tensor([9, 5, 7]).repeat_interleave(2)
    queries = torch.randn(2, 6, 3)
    attention.beams = 2
    attention(states, counts, queries[0])
    context, weights = attention(states, counts, queries[1])
    attention.reset()
    attention(states, counts, queries[0])
    items, rows = torch.tensor([0, 2]), torch.tensor([0, 1, 4, 5])
    attention.keep(items, rows)
    if isinstance(attention, LocationAwareAttention):
        attention.prev_attn = attention.prev_attn[rows]
    kept = attention(states[rows], counts[rows], queries[1][rows])
    torch.testing.assert_close(kept, (context[rows], weights[rows]))


def test_without_gradients_a_location_gets_the_same_scores_in_chunks(monkeypatch):
    torch.manual_seed(0)
    attention = LocationAwareAttention(4, 3, 5, 6, conv_channels=2, kernel_size=3, scaling=1.5)
    arguments = torch.randn(4, 9, 4), torch.tensor([9, 5, 7, 1]), torch.randn(4, 3)
    expected = attention(*arguments)
    for numbers in (1, 1 << 17):
        monkeypatch.setattr("sonovox.nn.decoder_attention._CHUNK_NUMBERS", numbers)
        attention.reset()
        with torch.no_grad():
            torch.testing.assert_close(attention(*arguments), expected)
