"""Tacotron 2: a mel spectrogram from symbols of text.

Shen et al., "Natural TTS synthesis by conditioning WaveNet on mel spectrogram predictions", ICASSP 2018, without
its vocoder, as NVIDIA and torchaudio have it: the first recurrent layer of the decoder attends, and steps are one
frame each. Weights of torchaudio load as they are, SpeechBrain's into `SpeechBrainTacotron2`.
"""

import warnings

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError, SonovoxWarning
from sonovox.dsp.lengths import length_to_mask
from sonovox.models.tacotron2.convolutions import Postnet
from sonovox.models.tacotron2.decoder import Decoder
from sonovox.models.tacotron2.encoder import Encoder

__all__ = ["Tacotron2"]

# What a gate says behind the end of an item: that it has ended, beyond doubt.
ENDED = 1000.0


class Tacotron2(nn.Module):
    """Mel spectrograms of texts: `forward` after the true frames, for training, `infer` after its own.

    Args:
        mask_padding: results of `forward` are 0 behind the end of an item, and gates 1000.
        n_mels: bins of the spectrogram.
        n_symbol: symbols.
        n_frames_per_step: must be 1.
        symbol_embedding_dim: size of the embeddings; must be `encoder_embedding_dim`.
        encoder_embedding_dim: size of the vectors of the encoder.
        encoder_n_convolution: convolutions of the encoder.
        encoder_kernel_size: symbols that each sees.
        decoder_rnn_dim: units of the second recurrent layer of the decoder.
        decoder_max_step: frames at which `infer` stops in any case.
        decoder_dropout: share of its units that is zeroed in training.
        decoder_early_stopping: `infer` stops when all items have ended.
        attention_rnn_dim: units of the first recurrent layer, which attends.
        attention_hidden_dim: size in which the memory is compared with it.
        attention_location_n_filter: filters over the weights of attention so far.
        attention_location_kernel_size: symbols that each sees.
        attention_dropout: share of its units that is zeroed in training.
        prenet_dim: units that the decoder sees its last frame through.
        postnet_n_convolution: convolutions after the decoder.
        postnet_kernel_size: frames that each sees.
        postnet_embedding_dim: channels between them.
        gate_threshold: probability of the end from which on an item has ended.
        ignore_padding: nothing hears what is behind the end of an item: without dropout, items of a batch are what
            they are alone. torchaudio and SpeechBrain let convolutions hear it.

    Raises:
        ArgumentError: more frames a step, or other embeddings than the encoder takes.

    >>> model = Tacotron2(n_mels=10, n_symbol=20, symbol_embedding_dim=16, encoder_embedding_dim=16).eval()
    >>> mel, mel_postnet, gates, weights = model(
    ...     torch.ones(2, 9, dtype=torch.long), torch.tensor([9, 7]), torch.zeros(2, 10, 5), torch.tensor([5, 3])
    ... )
    >>> mel_postnet.shape, gates.shape, weights.shape
    (torch.Size([2, 10, 5]), torch.Size([2, 5]), torch.Size([2, 5, 9]))
    """

    def __init__(
        self,
        mask_padding: bool = False,
        n_mels: int = 80,
        n_symbol: int = 148,
        n_frames_per_step: int = 1,
        symbol_embedding_dim: int = 512,
        encoder_embedding_dim: int = 512,
        encoder_n_convolution: int = 3,
        encoder_kernel_size: int = 5,
        decoder_rnn_dim: int = 1024,
        decoder_max_step: int = 2000,
        decoder_dropout: float = 0.1,
        decoder_early_stopping: bool = True,
        attention_rnn_dim: int = 1024,
        attention_hidden_dim: int = 128,
        attention_location_n_filter: int = 32,
        attention_location_kernel_size: int = 31,
        attention_dropout: float = 0.1,
        prenet_dim: int = 256,
        postnet_n_convolution: int = 5,
        postnet_kernel_size: int = 5,
        postnet_embedding_dim: int = 512,
        gate_threshold: float = 0.5,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        if n_frames_per_step != 1:
            raise ArgumentError(f"n_frames_per_step must be 1, got {n_frames_per_step}", hint="leave it out")
        if symbol_embedding_dim != encoder_embedding_dim:
            raise ArgumentError(
                f"symbol_embedding_dim must be encoder_embedding_dim = {encoder_embedding_dim}, got "
                f"{symbol_embedding_dim}",
                hint="give one size for both",
            )
        self.mask_padding = mask_padding
        self.ignore_padding = ignore_padding
        self.embedding = nn.Embedding(n_symbol, symbol_embedding_dim)
        nn.init.xavier_uniform_(self.embedding.weight)
        self.encoder = Encoder(encoder_embedding_dim, encoder_n_convolution, encoder_kernel_size)
        self.decoder = Decoder(
            n_mels,
            encoder_embedding_dim,
            decoder_rnn_dim,
            decoder_max_step,
            decoder_dropout,
            decoder_early_stopping,
            attention_rnn_dim,
            attention_hidden_dim,
            attention_location_n_filter,
            attention_location_kernel_size,
            attention_dropout,
            prenet_dim,
            gate_threshold,
        )
        self.postnet = Postnet(n_mels, postnet_embedding_dim, postnet_kernel_size, postnet_n_convolution)

    def forward(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        mel_specgram: Tensor,
        mel_specgram_lengths: Tensor,
        *,
        dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The spectrogram before and after the last convolutions, the scores of the end, the weights of attention.

        Args:
            tokens: symbols, `(batch, symbols)`, padded.
            token_lengths: symbols of each item, `(batch,)`, in any order.
            mel_specgram: the true spectrogram, `(batch, n_mels, frames)`.
            mel_specgram_lengths: frames of each item, `(batch,)`.
            dropout: of the prenet, which is on in evaluation, too; see `Prenet`.
            generator: what draws it, of the model's device; torch's own if None.

        Returns:
            Two of `(batch, n_mels, frames)`; `(batch, frames)`; `(batch, frames, symbols)`.
        """
        mel, refined, gates, weights = self._teach(
            tokens, token_lengths, mel_specgram, mel_specgram_lengths, dropout, generator
        )
        if self.mask_padding:
            mel = mel * length_to_mask(mel_specgram_lengths, mel.shape[2], mel.dtype).unsqueeze(1)
        return mel, refined, gates, weights

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        lengths: Tensor | None = None,
        *,
        dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The spectrogram, the frames of each item with its last one, and the weights of attention.

        Warns where `decoder_max_step` comes before the end of an item.

        Args:
            tokens: symbols, `(batch, symbols)`, padded.
            lengths: symbols of each item, `(batch,)`, in any order; all are full if None.
            dropout: of the prenet; with False a text sounds the same each time, often worse.
            generator: what draws it; torch's own if None.

        Returns:
            `(batch, n_mels, frames)`; `(batch,)`, int32; `(batch, frames, symbols)`.
        """
        mel, counts, _, weights = self._infer(tokens, lengths, dropout, generator)
        return mel, counts, weights

    def _teach(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        true_mel: Tensor,
        mel_lengths: Tensor,
        dropout: bool,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        memory, mask = self._encode(tokens, token_lengths)
        mel, gates, weights = self.decoder(memory, true_mel, mask, dropout=dropout, generator=generator)
        inside = length_to_mask(mel_lengths, mel.shape[2], torch.bool)
        refined = mel + self.postnet(mel, inside if self.ignore_padding else None)
        if self.mask_padding:
            refined, gates = refined * inside.unsqueeze(1), gates.masked_fill(~inside, ENDED)
        return mel, refined, gates, weights

    def _infer(
        self, tokens: Tensor, lengths: Tensor | None, dropout: bool, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        if lengths is None:
            lengths = torch.full((len(tokens),), tokens.shape[1], device=tokens.device)
        memory, mask = self._encode(tokens, lengths)
        mel, counts, ended, weights = self.decoder.infer(memory, mask, dropout=dropout, generator=generator)
        if not bool(ended.all()):
            warnings.warn(
                f"{int((~ended).sum())} of {len(tokens)} texts did not end by decoder_max_step = {mel.shape[2]}",
                SonovoxWarning,
                stacklevel=3,
            )
        if not self.ignore_padding:
            return mel + self.postnet(mel), counts, ended, weights
        inside = length_to_mask(counts, mel.shape[2], torch.bool)
        return (mel + self.postnet(mel, inside)) * inside.unsqueeze(1), counts, ended, weights

    def _encode(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        mask = length_to_mask(lengths, tokens.shape[1], torch.bool)
        embedded = self.embedding(tokens).transpose(1, 2)
        return self.encoder(embedded, lengths, mask if self.ignore_padding else None), mask
