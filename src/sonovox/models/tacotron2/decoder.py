"""The decoder of Tacotron 2: a frame of the spectrogram from the frame before and from what it attends to."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.models.tacotron2.attention import LocationAttention, linear

__all__ = ["Decoder", "Prenet"]


class _State(NamedTuple):
    attention_hidden: Tensor  # (batch, attention_rnn_dim)
    attention_cell: Tensor
    decoder_hidden: Tensor  # (batch, decoder_rnn_dim)
    decoder_cell: Tensor
    weights: Tensor  # (batch, 2, symbols): the last ones, and the sums of all
    context: Tensor  # (batch, embedding_dim)


class _Memory(NamedTuple):
    vectors: Tensor  # (batch, symbols, embedding_dim)
    keys: Tensor  # (batch, symbols, attention_hidden_dim)
    mask: Tensor  # (batch, symbols), False for padding


class Prenet(nn.Module):
    """A bottleneck that the decoder sees its last frame through, with dropout in evaluation, too.

    The noise of it is what keeps the decoder attending to the text (section 2.2 of the paper), and what makes each
    reading of a text another one.
    """

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([linear(in_dim, out_dim), linear(out_dim, out_dim)])

    def forward(self, x: Tensor, *, dropout: bool = True, generator: torch.Generator | None = None) -> Tensor:
        """`(..., out_dim)` of `x`, `(..., in_dim)`; `generator` draws which half of the units drops out."""
        for layer in self.layers:
            x = layer(x).relu()
            if dropout:
                x = x * (torch.empty_like(x).bernoulli_(0.5, generator=generator) / 0.5)
        return x


class Decoder(nn.Module):
    """Frames, the scores of each to be the last, and the weights of attention; arguments as of `Tacotron2`."""

    def __init__(
        self,
        n_mels: int,
        encoder_embedding_dim: int,
        decoder_rnn_dim: int,
        decoder_max_step: int,
        decoder_dropout: float,
        decoder_early_stopping: bool,
        attention_rnn_dim: int,
        attention_hidden_dim: int,
        attention_location_n_filter: int,
        attention_location_kernel_size: int,
        attention_dropout: float,
        prenet_dim: int,
        gate_threshold: float,
    ) -> None:
        super().__init__()
        self.n_mels = n_mels
        self.decoder_max_step = decoder_max_step
        self.decoder_dropout = decoder_dropout
        self.decoder_early_stopping = decoder_early_stopping
        self.attention_dropout = attention_dropout
        self.gate_threshold = gate_threshold
        self.prenet = Prenet(n_mels, prenet_dim)
        self.attention_rnn = nn.LSTMCell(prenet_dim + encoder_embedding_dim, attention_rnn_dim)
        self.attention_layer = LocationAttention(
            attention_rnn_dim,
            encoder_embedding_dim,
            attention_hidden_dim,
            attention_location_n_filter,
            attention_location_kernel_size,
        )
        self.decoder_rnn = nn.LSTMCell(attention_rnn_dim + encoder_embedding_dim, decoder_rnn_dim)
        self.linear_projection = linear(decoder_rnn_dim + encoder_embedding_dim, n_mels, bias=True)
        self.gate_layer = linear(decoder_rnn_dim + encoder_embedding_dim, 1, bias=True, gain="sigmoid")

    def forward(
        self,
        memory: Tensor,
        mel: Tensor,
        mask: Tensor,
        *,
        dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`(batch, n_mels, frames)`, `(batch, frames)` and `(batch, frames, symbols)`, after the true frames before.

        Args:
            memory: of the encoder, `(batch, symbols, embedding_dim)`.
            mel: the true frames, `(batch, n_mels, frames)`.
            mask: of the memory, `(batch, symbols)`.
            dropout: see `Prenet`.
            generator: see `Prenet`.
        """
        frames = torch.cat(
            (mel.new_zeros(1, len(mel), self.n_mels), mel.permute(2, 0, 1))
        )  # nothing is before the first
        before = self.prenet(frames, dropout=dropout, generator=generator)[:-1]
        memories, state = self._begin(memory, mask)
        made, scores, weights = [], [], []
        for frame in before:
            state, mel_frame, score = self._step(frame, state, memories)
            made.append(mel_frame)
            scores.append(score)
            weights.append(state.weights[:, 0])
        return torch.stack(made, dim=2), torch.stack(scores, dim=1), torch.stack(weights, dim=1)

    def infer(
        self, memory: Tensor, mask: Tensor, *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`(batch, n_mels, frames)`, the frames of each item, whether it came to an end, and the weights of attention.

        Each frame follows the one that was made before. An item ends with the first frame of which the gate is over
        the threshold, and goes on until all have ended.
        """
        batch, symbols, _ = memory.shape
        memories, state = self._begin(memory, mask)
        # By step, so that each write is in one piece; for all steps there may be, since they are small.
        mel = memory.new_empty(self.decoder_max_step, batch, self.n_mels)
        weights = memory.new_empty(self.decoder_max_step, batch, symbols)
        counts = torch.zeros(batch, dtype=torch.int32, device=memory.device)
        ended = torch.zeros(batch, dtype=torch.bool, device=memory.device)
        frame, steps = memory.new_zeros(batch, self.n_mels), 0
        while steps < self.decoder_max_step and not (self.decoder_early_stopping and bool(ended.all())):
            before = self.prenet(frame, dropout=dropout, generator=generator)
            state, frame, score = self._step(before, state, memories)
            mel[steps], weights[steps] = frame, state.weights[:, 0]
            counts += ~ended
            ended |= score.sigmoid() > self.gate_threshold
            steps += 1
        return mel[:steps].permute(1, 2, 0).contiguous(), counts, ended, weights[:steps].transpose(0, 1).contiguous()

    def _begin(self, memory: Tensor, mask: Tensor) -> tuple[_Memory, _State]:
        batch, symbols, embedding_dim = memory.shape
        attending = memory.new_zeros(batch, self.attention_rnn.hidden_size)
        decoding = memory.new_zeros(batch, self.decoder_rnn.hidden_size)
        weights, context = memory.new_zeros(batch, 2, symbols), memory.new_zeros(batch, embedding_dim)
        state = _State(attending, attending, decoding, decoding, weights, context)
        return _Memory(memory, self.attention_layer.memory_layer(memory), mask), state

    def _step(self, before: Tensor, state: _State, memory: _Memory) -> tuple[_State, Tensor, Tensor]:
        """The state after a frame, the frame `(batch, n_mels)`, and its gate `(batch,)`."""
        attention_hidden, attention_cell = self.attention_rnn(
            torch.cat((before, state.context), dim=1), (state.attention_hidden, state.attention_cell)
        )
        attention_hidden = F.dropout(attention_hidden, self.attention_dropout, self.training)
        context, weights = self.attention_layer(attention_hidden, *memory[:2], state.weights, memory.mask)
        decoder_hidden, decoder_cell = self.decoder_rnn(
            torch.cat((attention_hidden, context), dim=1), (state.decoder_hidden, state.decoder_cell)
        )
        decoder_hidden = F.dropout(decoder_hidden, self.decoder_dropout, self.training)
        both = torch.cat((decoder_hidden, context), dim=1)
        seen = torch.stack((weights, state.weights[:, 1] + weights), dim=1)
        state = _State(attention_hidden, attention_cell, decoder_hidden, decoder_cell, seen, context)
        return state, self.linear_projection(both), self.gate_layer(both).squeeze(1)
