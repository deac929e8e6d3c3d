"""The generator of MetricGAN: a mask on the magnitudes of noisy speech.

Fu, Liao, Tsao and Lin, "MetricGAN", ICML 2019; the learnable sigmoid is that of Fu
et al., "MetricGAN+", Interspeech 2021. The weights of SpeechBrain load as they are.
"""

import torch
from torch import Tensor, nn

from sonovox.nn.recurrent import LSTM

__all__ = ["EnhancementGenerator", "Learnable_sigmoid"]

# A mask may amplify a little: MetricGAN+, section 3.3.
LARGEST_GAIN = 1.2
NEURONS = 300


class Learnable_sigmoid(nn.Module):  # noqa: N801 - the name in model folders
    """`1.2 / (1 + exp(-slope * x))` with a slope for each feature.

    Args:
        in_features: of the input.

    >>> Learnable_sigmoid(2)(torch.zeros(1, 2))
    tensor([[0.6000, 0.6000]], grad_fn=<MulBackward0>)
    """

    def __init__(self, in_features: int = 257) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.ones(in_features))

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(..., in_features)`; from 0 to 1.2."""
        return LARGEST_GAIN * torch.sigmoid(self.slope * x)


class EnhancementGenerator(nn.Module):
    """A gain, 0 to 1.2, for each bin of each frame.

    Args:
        input_size: bins.
        hidden_size: of the recurrent layers, in each direction.
        num_layers: recurrent layers.
        dropout: between them, in training.

    >>> model = EnhancementGenerator(num_layers=1)
    >>> model(torch.zeros(2, 50, 257), lengths=torch.tensor([1.0, 0.5])).shape
    torch.Size([2, 50, 257])
    """

    def __init__(self, input_size: int = 257, hidden_size: int = 200, num_layers: int = 2, dropout: float = 0) -> None:
        super().__init__()
        self.activation = nn.LeakyReLU(negative_slope=0.3)
        self.blstm = LSTM(
            hidden_size, input_size=input_size, num_layers=num_layers, dropout=dropout, bidirectional=True
        )
        self.linear1 = nn.Linear(2 * hidden_size, NEURONS)
        self.linear2 = nn.Linear(NEURONS, input_size)
        self.Learnable_sigmoid = Learnable_sigmoid(input_size)
        for name, parameter in self.named_parameters():
            if "bias" in name:
                nn.init.zeros_(parameter)
            elif parameter.dim() == 2 and "weight_hh" not in name:  # those are orthogonal
                nn.init.xavier_uniform_(parameter)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The mask, `(batch, frames, bins)`.

        Args:
            x: `(batch, frames, bins)`, the logarithm of 1 + magnitude.
            lengths: `(batch,)`, shares of the longest item; all are full if None.
        """
        states, _ = self.blstm(x, lengths=lengths)
        return self.Learnable_sigmoid(self.linear2(self.activation(self.linear1(states))))
