"""The encoder of Tacotron 2: three convolutions and a recurrent layer in both directions over the symbols."""

from torch import Tensor, nn

from sonovox.models.tacotron2.convolutions import convolution_norm, run_convolutions
from sonovox.nn.recurrent_op import RecurrentWeights

__all__ = ["Encoder"]


class Encoder(nn.Module):
    """What the decoder attends to, a vector for each symbol.

    Args:
        embedding_dim: size of the embeddings of symbols and of the result, even.
        n_convolution: convolutions.
        kernel_size: symbols that each sees, odd.

    >>> import torch
    >>> Encoder(16, 3, 5)(torch.zeros(2, 16, 9), torch.tensor([9, 4])).shape
    torch.Size([2, 9, 16])
    """

    def __init__(self, embedding_dim: int, n_convolution: int, kernel_size: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            convolution_norm(embedding_dim, embedding_dim, kernel_size, "relu") for _ in range(n_convolution)
        )
        self.lstm = RecurrentWeights("LSTM", embedding_dim, embedding_dim // 2, bidirectional=True)

    def forward(self, x: Tensor, lengths: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(batch, symbols, embedding_dim)`, zero behind the end of an item, in any order of lengths.

        Args:
            x: embeddings, `(batch, embedding_dim, symbols)`.
            lengths: symbols of each item, `(batch,)`.
            mask: `(batch, symbols)`, see `run_convolutions`.
        """
        x = run_convolutions(self.convolutions, x, Tensor.relu, mask, training=self.training)
        first = x.new_zeros(2, len(x), self.lstm.hidden_size)
        memory, _ = self.lstm(x.transpose(1, 2), [first, first], lengths)
        return memory
