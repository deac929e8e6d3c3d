import torch

from sonovox.nn import Embedding, NormalizedEmbedding


def test_every_token_has_its_vector():
    layer = Embedding(10, 4)
    tokens = torch.tensor([[1, 3], [3, 9]], dtype=torch.int32)
    torch.testing.assert_close(layer(tokens), layer.Embedding.weight[tokens.long()])


def test_one_hot_vectors_leave_the_blank_out_and_are_not_trained():
    layer = Embedding(4, consider_as_one_hot=True, blank_id=2)
    expected = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])
    assert torch.equal(layer(torch.arange(4)), expected)
    assert not layer.Embedding.weight.requires_grad


def test_vectors_are_scaled_by_the_root_of_their_size():
    layer = NormalizedEmbedding(16, vocab=10)
    tokens = torch.tensor([[1, 3]])
    torch.testing.assert_close(layer(tokens), 4 * layer.emb(tokens))
