"""Vectors of tokens."""

import math

import torch
from torch import Tensor, nn

__all__ = ["Embedding", "NormalizedEmbedding"]


class Embedding(nn.Module):
    """A trained vector for each token, or its one-hot vector without a place for the blank.

    Args:
        num_embeddings: tokens that there are.
        embedding_dim: features of a vector; one-hot vectors have `num_embeddings - 1`.
        consider_as_one_hot: fixed one-hot vectors; that of the blank is all zeros.
        blank_id: the blank, whose vector is zeros and is not trained where vectors are one-hot.

    >>> Embedding(3, consider_as_one_hot=True, blank_id=0)(torch.tensor([[0, 1, 2]]))
    tensor([[[0., 0.],
             [1., 0.],
             [0., 1.]]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int = 128,
        consider_as_one_hot: bool = False,
        blank_id: int = 0,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.consider_as_one_hot = consider_as_one_hot
        self.blank_id = blank_id
        self.embedding_dim = num_embeddings - 1 if consider_as_one_hot else embedding_dim
        padding = blank_id if consider_as_one_hot else None
        self.Embedding = nn.Embedding(num_embeddings, self.embedding_dim, padding_idx=padding)
        if consider_as_one_hot:
            places = [token for token in range(num_embeddings) if token != blank_id]
            with torch.no_grad():
                self.Embedding.weight.zero_()[places] = torch.eye(self.embedding_dim)
            self.Embedding.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., embedding_dim)` of tokens `(...)`, of any kind of integers."""
        return self.Embedding(x.long())


class NormalizedEmbedding(nn.Module):
    """A trained vector for each token, times the root of its size, as sines of places are added to it.

    Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.4.

    Args:
        d_model: features of a vector.
        vocab: tokens that there are.

    >>> NormalizedEmbedding(8, vocab=100)(torch.tensor([[3, 1, 4]])).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, d_model: int, vocab: int) -> None:
        super().__init__()
        self.emb = Embedding(vocab, d_model)
        self.d_model = d_model

    def forward(self, x: Tensor) -> Tensor:
        """`(..., d_model)` of tokens `(...)`."""
        return self.emb(x) * math.sqrt(self.d_model)
