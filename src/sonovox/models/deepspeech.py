"""DeepSpeech: letters of speech from fully connected layers around one recurrent layer.

Hannun et al., "Deep Speech: scaling up end-to-end speech recognition", 2014; without the context of
neighbouring frames, as in torchaudio, of which the weights load as they are.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.recurrent_op import RecurrentWeights

__all__ = ["DeepSpeech"]

# "Clipped" rectified linear units keep the activations of the recurrent layer from exploding; section 2.
LARGEST_ACTIVATION = 20.0


class DeepSpeech(nn.Module):
    """Log-probabilities of classes for each frame.

    Args:
        n_feature: features of a frame.
        n_hidden: units of each layer.
        n_class: classes, the blank of CTC among them.
        dropout: share of the units that is zeroed in training, in the fully connected layers.

    >>> import torch
    >>> DeepSpeech(n_feature=40, n_hidden=16, n_class=29)(torch.zeros(2, 1, 50, 40)).shape
    torch.Size([2, 50, 29])
    """

    def __init__(self, n_feature: int, n_hidden: int = 2048, n_class: int = 40, dropout: float = 0.0) -> None:
        super().__init__()
        self.n_hidden = n_hidden
        self.fc1 = _ClippedLinear(n_feature, n_hidden, dropout)
        self.fc2 = _ClippedLinear(n_hidden, n_hidden, dropout)
        self.fc3 = _ClippedLinear(n_hidden, n_hidden, dropout)
        self.bi_rnn = RecurrentWeights("RNN_RELU", n_hidden, n_hidden, bidirectional=True)
        self.fc4 = _ClippedLinear(n_hidden, n_hidden, dropout)
        self.out = nn.Linear(n_hidden, n_class)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, n_class)`, natural logarithms, of `x`, `(batch, 1, time, n_feature)`.

        Raises:
            ArgumentError: `x` is not of that shape.
        """
        if x.dim() != 4 or x.shape[1] != 1:
            raise ArgumentError(
                f"x must be (batch, 1, time, n_feature), got shape {tuple(x.shape)}", hint="x.unsqueeze(1) adds the 1"
            )
        x = self.fc3(self.fc2(self.fc1(x)))
        first = x.new_zeros(2, len(x), self.n_hidden)
        states, _ = self.bi_rnn(x.squeeze(1), [first], None)  # (batch, time, 2 * n_hidden)
        both = states[..., : self.n_hidden] + states[..., self.n_hidden :]
        return self.out(self.fc4(both)).log_softmax(dim=2)


class _ClippedLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features, out_features)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.fc(x).clamp(0.0, LARGEST_ACTIVATION), self.dropout, self.training)
