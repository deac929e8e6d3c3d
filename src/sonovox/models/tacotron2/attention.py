"""Attention that knows where it has been, so that it moves on through the text.

Chorowski et al., "Attention-based models for speech recognition", NeurIPS 2015, with the weights of all steps
summed up beside those of the last one, as in Tacotron 2.
"""

import torch
from torch import Tensor, nn

__all__ = ["LocationAttention", "linear"]


class LocationAttention(nn.Module):
    """A mean of the memory, weighted by its fit to a query and by the weights before.

    Args:
        query_dim: size of a query.
        memory_dim: size of a vector of the memory.
        hidden_dim: size in which both are compared.
        n_filter: filters over the weights before.
        kernel_size: symbols that each of them sees, odd.
    """

    def __init__(self, query_dim: int, memory_dim: int, hidden_dim: int, n_filter: int, kernel_size: int) -> None:
        super().__init__()
        self.query_layer = linear(query_dim, hidden_dim, gain="tanh")
        self.memory_layer = linear(memory_dim, hidden_dim, gain="tanh")
        self.v = linear(hidden_dim, 1)
        self.location_layer = _LocationLayer(n_filter, kernel_size, hidden_dim)

    def forward(
        self, query: Tensor, memory: Tensor, keys: Tensor, before: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The mean, `(batch, memory_dim)`, and the weights, `(batch, symbols)`, which sum to 1.

        Args:
            query: `(batch, query_dim)`.
            memory: `(batch, symbols, memory_dim)`.
            keys: `memory_layer(memory)`, which stays the same from step to step.
            before: the last weights and the sums of all weights so far, `(batch, 2, symbols)`.
            mask: `(batch, symbols)`, False for padding.
        """
        fit = self.v((self.query_layer(query).unsqueeze(1) + self.location_layer(before) + keys).tanh())
        weights = fit.squeeze(2).masked_fill(~mask, -torch.inf).softmax(dim=1)
        return (weights.unsqueeze(1) @ memory).squeeze(1), weights


class _LocationLayer(nn.Module):
    def __init__(self, n_filter: int, kernel_size: int, hidden_dim: int) -> None:
        super().__init__()
        self.location_conv = nn.Conv1d(2, n_filter, kernel_size, padding=kernel_size // 2, bias=False)
        nn.init.xavier_uniform_(self.location_conv.weight)
        self.location_dense = linear(n_filter, hidden_dim, gain="tanh")

    def forward(self, before: Tensor) -> Tensor:
        return self.location_dense(self.location_conv(before).transpose(1, 2))


def linear(in_features: int, out_features: int, *, bias: bool = False, gain: str = "linear") -> nn.Linear:
    """A linear layer with weights by Glorot and Bengio, for what follows it."""
    layer = nn.Linear(in_features, out_features, bias=bias)
    nn.init.xavier_uniform_(layer.weight, gain=nn.init.calculate_gain(gain))  # type: ignore[arg-type]
    return layer
