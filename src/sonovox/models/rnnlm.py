"""Recurrent language model: the next token, from those before it.

Mikolov et al., "Recurrent neural network based language model", Interspeech 2010.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from sonovox.nn.containers import Sequential
from sonovox.nn.embedding import Embedding
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.recurrent import LSTM

__all__ = ["RNNLM"]


class RNNLM(nn.Module):
    """Embedding, recurrent layers, blocks of linear layers, and a score for each token.

    Args:
        output_neurons: tokens that there are.
        embedding_dim: features of a token.
        activation: builds the activations.
        dropout: share that is zeroed in training.
        rnn_class: builds the recurrent layers, such as `LSTM` or `GRU`.
        rnn_layers: their number.
        rnn_neurons: features of a state.
        rnn_re_init: orthogonal recurrent weights.
        return_hidden: give the last states, too, to go on from.
        dnn_blocks: blocks of a linear layer, layer normalisation and dropout.
        dnn_neurons: features of each of them.

    >>> import torch
    >>> model = RNNLM(output_neurons=100, embedding_dim=8, rnn_neurons=16, dnn_neurons=12)
    >>> model(torch.tensor([[3, 1, 4], [1, 5, 9]])).shape
    torch.Size([2, 3, 100])
    """

    def __init__(
        self,
        output_neurons: int,
        embedding_dim: int = 128,
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        dropout: float = 0.15,
        rnn_class: Callable[..., nn.Module] = LSTM,
        rnn_layers: int = 2,
        rnn_neurons: int = 1024,
        rnn_re_init: bool = False,
        return_hidden: bool = False,
        dnn_blocks: int = 1,
        dnn_neurons: int = 512,
    ) -> None:
        super().__init__()
        self.return_hidden = return_hidden
        self.embedding = Embedding(num_embeddings=output_neurons, embedding_dim=embedding_dim)
        self.dropout = nn.Dropout(dropout)
        self.rnn = rnn_class(
            input_shape=[None, None, embedding_dim],
            hidden_size=rnn_neurons,
            num_layers=rnn_layers,
            dropout=dropout,
            re_init=rnn_re_init,
        )
        self.dnn = Sequential(input_shape=[None, None, rnn_neurons])
        for _ in range(dnn_blocks):
            self.dnn.append(Linear, n_neurons=dnn_neurons, layer_name="linear")
            self.dnn.append(LayerNorm, layer_name="norm")
            self.dnn.append(activation(), layer_name="act")
            self.dnn.append(nn.Dropout(dropout), layer_name="dropout")
        self.out = Linear(n_neurons=output_neurons, input_size=dnn_neurons if dnn_blocks else rnn_neurons)

    def forward(self, x: Tensor, hx: Any = None) -> Any:
        """Scores of the next token after each, `(batch, time, output_neurons)`, and the states if `return_hidden`.

        Args:
            x: tokens, `(batch, time)`; or one of each item, `(batch,)`, of which the scores are
                `(batch, output_neurons)`.
            hx: states to go on from, as they were returned; those of the start if None.
        """
        one_step = x.dim() == 1
        embedded = self.dropout(self.embedding(x.unsqueeze(1) if one_step else x))
        states, hidden = self.rnn(embedded, hx)
        scores = self.out(self.dnn(states))
        if one_step:
            scores = scores.squeeze(1)
        return (scores, hidden) if self.return_hidden else scores
