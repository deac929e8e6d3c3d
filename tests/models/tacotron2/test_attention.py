import torch

from sonovox.models.tacotron2.attention import LocationAttention


@torch.no_grad()
def test_weights_are_those_of_the_published_formula():
    torch.manual_seed(0)
    attention = LocationAttention(5, 4, 3, 2, 3)
    query, memory, before = torch.randn(1, 5), torch.randn(1, 6, 4), torch.rand(1, 2, 6)
    mask = torch.tensor([[True] * 5 + [False]])
    mean, weights = attention(query, memory, attention.memory_layer(memory), before, mask)
    filters = attention.location_layer.location_conv.weight  # (filters, 2, taps)
    padded = torch.nn.functional.pad(before, (1, 1))
    scores = []
    for place in range(5):
        seen = torch.einsum("fct,ct->f", filters, padded[0, :, place : place + 3])
        summed = (
            attention.query_layer.weight @ query[0]
            + attention.memory_layer.weight @ memory[0, place]
            + attention.location_layer.location_dense.weight @ seen
        )
        scores.append(attention.v.weight[0] @ summed.tanh())
    expected = torch.stack(scores).softmax(0)
    torch.testing.assert_close(weights[0, :5], expected)
    assert weights[0, 5] == 0
    torch.testing.assert_close(mean[0], expected @ memory[0, :5])
