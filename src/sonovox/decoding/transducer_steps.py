"""What a search asks of a transducer's networks: what they predict after a token, and what both say of a frame.

Graves, "Sequence transduction with recurrent neural networks", 2012.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from sonovox.nn import GRU, LSTM, RNN, LiGRU, SLiGRU

__all__ = ["TransducerSteps"]

_RECURRENT = (GRU, LSTM, RNN, LiGRU, SLiGRU, nn.RNNBase)


class TransducerSteps(nn.Module):
    """The prediction network, the joint, and the layers above it.

    Args:
        decode_network_lst: layers of the prediction network, the first an embedding. Recurrent ones (of `sonovox.nn`,
            or of torch with `batch_first`) are given their states.
        tjoint: a `Transducer_joint`.
        classifier_network: layers that give scores of the tokens.

    >>> import torch
    >>> from sonovox.nn import Embedding, Linear, Transducer_joint
    >>> steps = TransducerSteps(
    ...     [Embedding(5, embedding_dim=3), GRU(4, input_size=3)], Transducer_joint(), [Linear(5, input_size=4)]
    ... )
    >>> predicted, states = steps.predict(torch.tensor([0, 2]), None)
    >>> predicted.shape, steps.scores(torch.zeros(2, 7, 4), predicted).shape
    (torch.Size([2, 4]), torch.Size([2, 7, 5]))
    """

    def __init__(
        self, decode_network_lst: Sequence[nn.Module], tjoint: nn.Module, classifier_network: Sequence[nn.Module]
    ) -> None:
        super().__init__()
        self.decode_network_lst = nn.ModuleList(decode_network_lst)
        self.tjoint = tjoint
        self.classifier_network = nn.ModuleList(classifier_network)

    def predict(self, tokens: Tensor, states: list[Any] | None) -> tuple[Tensor, list[Any]]:
        """What the prediction network gives after one more token, `(rows, features)`, and its states.

        Args:
            tokens: `(rows,)`.
            states: of the step before, one for each recurrent layer; None at first.
        """
        x = tokens.unsqueeze(1)
        after: list[Any] = []
        for layer in self.decode_network_lst:
            if isinstance(layer, _RECURRENT):
                x, state = layer(x, None if states is None else states[len(after)])
                after.append(state)
            else:
                x = layer(x)
        return x[:, 0], after

    def scores(self, encoded: Tensor, predicted: Tensor) -> Tensor:
        """Scores of the tokens in some frames of each row, `(rows, frames, tokens)`, not normalised.

        Args:
            encoded: `(rows, frames, features)`.
            predicted: `(rows, features)`.
        """
        x = self.tjoint(encoded.unsqueeze(2), predicted[:, None, None])
        for layer in self.classifier_network:
            x = layer(x)
        return x.squeeze(2)
