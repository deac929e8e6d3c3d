"""Tacotron 2 with the arguments, results and weights of SpeechBrain: one arithmetic, other manners."""

from collections.abc import MutableMapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.models.tacotron2.convert import from_speechbrain
from sonovox.models.tacotron2.model import Tacotron2

__all__ = ["SpeechBrainTacotron2"]


class SpeechBrainTacotron2(Tacotron2):
    """`Tacotron2` as SpeechBrain's recipes and hub folders spell it.

    Args:
        mask_padding: see `Tacotron2`, as are all others, under the names in parentheses.
        n_mel_channels: `n_mels`.
        n_symbols: `n_symbol`.
        symbols_embedding_dim: `symbol_embedding_dim`.
        encoder_kernel_size: the same.
        encoder_n_convolutions: `encoder_n_convolution`.
        encoder_embedding_dim: the same.
        attention_rnn_dim: the same.
        attention_dim: `attention_hidden_dim`.
        attention_location_n_filters: `attention_location_n_filter`.
        attention_location_kernel_size: the same.
        n_frames_per_step: the same.
        decoder_rnn_dim: the same.
        prenet_dim: the same.
        max_decoder_steps: `decoder_max_step`.
        gate_threshold: the same.
        p_attention_dropout: `attention_dropout`.
        p_decoder_dropout: `decoder_dropout`.
        postnet_embedding_dim: the same.
        postnet_kernel_size: the same.
        postnet_n_convolutions: `postnet_n_convolution`.
        decoder_no_early_stopping: the contrary of `decoder_early_stopping`.
        ignore_padding: the same.

    >>> model = SpeechBrainTacotron2(n_mel_channels=10, symbols_embedding_dim=16, encoder_embedding_dim=16)
    >>> model.decoder.n_mels
    10
    """

    def __init__(
        self,
        mask_padding: bool = True,
        n_mel_channels: int = 80,
        n_symbols: int = 148,
        symbols_embedding_dim: int = 512,
        encoder_kernel_size: int = 5,
        encoder_n_convolutions: int = 3,
        encoder_embedding_dim: int = 512,
        attention_rnn_dim: int = 1024,
        attention_dim: int = 128,
        attention_location_n_filters: int = 32,
        attention_location_kernel_size: int = 31,
        n_frames_per_step: int = 1,
        decoder_rnn_dim: int = 1024,
        prenet_dim: int = 256,
        max_decoder_steps: int = 1000,
        gate_threshold: float = 0.5,
        p_attention_dropout: float = 0.1,
        p_decoder_dropout: float = 0.1,
        postnet_embedding_dim: int = 512,
        postnet_kernel_size: int = 5,
        postnet_n_convolutions: int = 5,
        decoder_no_early_stopping: bool = False,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__(
            mask_padding=mask_padding,
            n_mels=n_mel_channels,
            n_symbol=n_symbols,
            n_frames_per_step=n_frames_per_step,
            symbol_embedding_dim=symbols_embedding_dim,
            encoder_embedding_dim=encoder_embedding_dim,
            encoder_n_convolution=encoder_n_convolutions,
            encoder_kernel_size=encoder_kernel_size,
            decoder_rnn_dim=decoder_rnn_dim,
            decoder_max_step=max_decoder_steps,
            decoder_dropout=p_decoder_dropout,
            decoder_early_stopping=not decoder_no_early_stopping,
            attention_rnn_dim=attention_rnn_dim,
            attention_hidden_dim=attention_dim,
            attention_location_n_filter=attention_location_n_filters,
            attention_location_kernel_size=attention_location_kernel_size,
            attention_dropout=p_attention_dropout,
            prenet_dim=prenet_dim,
            postnet_n_convolution=postnet_n_convolutions,
            postnet_kernel_size=postnet_kernel_size,
            postnet_embedding_dim=postnet_embedding_dim,
            gate_threshold=gate_threshold,
            ignore_padding=ignore_padding,
        )
        self.register_load_state_dict_pre_hook(_translate)

    def forward(  # type: ignore[override]
        self,
        inputs: tuple[Tensor, Tensor, Tensor, Any, Tensor],
        alignments_dim: int | None = None,
        *,
        dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As `Tacotron2.forward`; the spectrogram before the last convolutions is not masked.

        Args:
            inputs: symbols, their counts, the true spectrogram, what is not looked at, and its counts of frames.
            alignments_dim: symbols to pad the weights of attention to.
            dropout: see `Tacotron2.forward`, as is `generator`.
            generator: see there.
        """
        tokens, token_lengths, mel, _, mel_lengths = inputs
        mel, refined, gates, weights = self._teach(tokens, token_lengths, mel, mel_lengths, dropout, generator)
        if alignments_dim is not None:
            weights = F.pad(weights, (0, alignments_dim - weights.shape[2]))
        return mel, refined, gates, weights

    @torch.no_grad()
    def infer(
        self,
        inputs: Tensor,
        input_lengths: Tensor | None = None,
        *,
        dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `Tacotron2.infer`, but the frame with which an item ends is not counted.

        Args:
            inputs: symbols, `(batch, symbols)`, padded.
            input_lengths: symbols of each item, `(batch,)`, in any order; all are full if None.
            dropout: see `Tacotron2.infer`, as is `generator`.
            generator: see there.
        """
        mel, counts, ended, weights = self._infer(inputs, input_lengths, dropout, generator)
        return mel, counts - ended.int(), weights


def _translate(_: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *__: object) -> None:
    own = {name: state_dict.pop(name) for name in list(state_dict) if name.startswith(prefix)}
    renamed = from_speechbrain({name.removeprefix(prefix): value for name, value in own.items()})
    state_dict.update({prefix + name: value for name, value in renamed.items()})
