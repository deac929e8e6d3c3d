"""Whisper: an encoder-decoder transformer over log-mel spectrograms.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision",
2022. Differences from the published code: queries, keys and values come from one
product, the cache is static, and beams of an utterance share the keys and values
of its audio. The numbers are the same.
"""

import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.models.whisper.attention import CrossAttention, KeyValueCache, LayerCache, SelfAttention
from sonovox.models.whisper.config import WhisperConfig

__all__ = ["DecoderCache", "DecoderLayer", "EncoderLayer", "Whisper", "WhisperDecoder", "WhisperEncoder", "sinusoids"]


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward net, each normalised before and added to its input."""

    def __init__(self, d_model: int, n_heads: int, ff_width: int | None = None) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(d_model)
        self.attention = SelfAttention(d_model, n_heads)
        self.feed_forward = _feed_forward(d_model, ff_width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(x)


class DecoderLayer(nn.Module):
    """An encoder layer with attention to the audio between its two parts."""

    def __init__(self, d_model: int, n_heads: int, ff_width: int | None = None) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(d_model)
        self.attention = SelfAttention(d_model, n_heads)
        self.cross_norm = nn.LayerNorm(d_model)
        self.cross_attention = CrossAttention(d_model, n_heads)
        self.feed_forward = _feed_forward(d_model, ff_width)

    def forward(self, x: Tensor, cache: KeyValueCache, mask: Tensor | None) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cache, mask)
        x = x + self.cross_attention(self.cross_norm(x), cache.cross_keys, cache.cross_values)
        return x + self.feed_forward(x)


class WhisperEncoder(nn.Module):
    """Two convolutions, the second of stride 2, and transformer layers over 20 ms positions."""

    positions: Tensor

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv1d(config.n_mels, config.d_model, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(config.d_model, config.d_model, kernel_size=3, stride=2, padding=1)
        self.register_buffer("positions", sinusoids(config.n_audio_positions, config.d_model))
        self.layers = nn.ModuleList(
            EncoderLayer(config.d_model, config.n_heads, config.encoder_ff_width)
            for _ in range(config.n_encoder_layers)
        )
        self.norm = nn.LayerNorm(config.d_model)

    def forward(self, mel: Tensor) -> Tensor:
        """`mel` `[items, n_mels, 3000]` to `[items, 1500, d_model]`."""
        x = self._embedded(mel)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def hidden_states(self, mel: Tensor) -> list[Tensor]:
        """The input of the first layer and the output of each, the last one as `forward` gives it."""
        states = [self._embedded(mel)]
        for layer in self.layers:
            states.append(layer(states[-1]))
        return [*states[:-1], self.norm(states[-1])]

    def _embedded(self, mel: Tensor) -> Tensor:
        """The input of the first layer: what the convolutions make of `mel`, and positions."""
        expected = (self.config.n_mels, self.config.n_frames)
        if mel.dim() != 3 or tuple(mel.shape[1:]) != expected:
            raise ArgumentError(
                f"mel must be (items, {expected[0]}, {expected[1]}), got {tuple(mel.shape)}",
                hint="pad or cut to 30 s, and take n_mels from the model's config",
            )
        x = F.gelu(self.conv1(mel.to(self.conv1.weight.dtype)))  # [items, d_model, 3000]
        x = F.gelu(self.conv2(x)).transpose(1, 2)  # [items, 1500, d_model]
        return x + self.positions


class WhisperDecoder(nn.Module):
    """A language model that looks at the audio; its input embedding is its output layer too."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = nn.Parameter(torch.zeros(config.n_text_positions, config.d_model))
        self.layers = nn.ModuleList(
            DecoderLayer(config.d_model, config.n_heads, config.decoder_ff_width)
            for _ in range(config.n_decoder_layers)
        )
        self.norm = nn.LayerNorm(config.d_model)
        self.head: nn.Module | None = None  # a faster form of the embedding as output layer, see packing.py

    def forward(
        self, tokens: Tensor, positions: Tensor, layers: Sequence[KeyValueCache], mask: Tensor | None
    ) -> Tensor:
        """Last hidden states of `tokens` `[rows, new]`, which stand at `positions` `[new]`."""
        x = self.embedding(tokens) + self.positions[positions]
        for layer, cache in zip(self.layers, layers, strict=True):
            x = layer(x, cache, mask)
        return self.norm(x)

    def read_audio(self, audio: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of `audio` `[items, 1500, d_model]` for the cross-attention of each layer."""
        return [cast(DecoderLayer, layer).cross_attention.keys_values(audio) for layer in self.layers]

    def logits(self, states: Tensor) -> Tensor:
        """Scores of the whole vocabulary, float32 whatever the weights are."""
        if self.head is not None:
            return self.head(states).float()
        return F.linear(states, self.embedding.weight).float()


class DecoderCache:
    """What the decoder remembers of a batch: one `LayerCache` a layer."""

    def __init__(self, layers: list[LayerCache]) -> None:
        self.layers = layers

    @property
    def length(self) -> int:
        """Positions said so far."""
        return self.layers[0].length

    def reorder(self, rows: Tensor) -> None:
        """Let row `i` continue what row `rows[i]` has said; beams of one item only."""
        for layer in self.layers:
            layer.reorder(rows)

    def keep(self, items: Tensor, rows: Tensor) -> None:
        """Let the others leave the batch."""
        for layer in self.layers:
            layer.keep(items, rows)


class Whisper(nn.Module):
    """Encoder and decoder, with random weights until some are loaded.

    >>> model = Whisper(WhisperConfig(d_model=64, n_heads=2, n_encoder_layers=1, n_decoder_layers=1))
    >>> model(torch.zeros(1, 80, 3000), torch.tensor([[50258, 50259]])).shape
    torch.Size([1, 2, 51865])
    """

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = WhisperEncoder(config)
        self.decoder = WhisperDecoder(config)

    def forward(self, mel: Tensor, tokens: Tensor) -> Tensor:
        """Teacher forcing: logits `[items, length, vocab]` after each of `tokens` `[items, length]`.

        `mel` is `[items, n_mels, 3000]`, scaled as `log_mel_spectrogram` does it.
        """
        return self.decode(self.encode(mel), tokens)

    def decode(self, audio: Tensor, tokens: Tensor) -> Tensor:
        """As `forward`, of `audio` `[items, 1500, d_model]` that is encoded already."""
        length = tokens.shape[1]
        layers = [_CrossOnly(keys, values) for keys, values in self.decoder.read_audio(audio)]
        positions = torch.arange(length, device=tokens.device)
        return self.decoder.logits(self.decoder(tokens, positions, layers, _causal_mask(length, length, tokens.device)))

    def encode(self, mel: Tensor) -> Tensor:
        """Audio states `[items, 1500, d_model]` of `mel` `[items, n_mels, 3000]`."""
        return self.encoder(mel)

    def start(self, audio: Tensor, *, beams: int = 1, max_length: int | None = None) -> DecoderCache:
        """An empty cache over `audio` `[items, 1500, d_model]`, for `items * beams` hypotheses."""
        room = self.config.n_text_positions if max_length is None else max_length
        rows = audio.shape[0] * beams
        return DecoderCache([LayerCache(keys, values, rows, room) for keys, values in self.decoder.read_audio(audio)])

    def states(self, tokens: Tensor, cache: DecoderCache) -> Tensor:
        """Hidden states `[rows, new, d_model]` of `tokens` `[rows, new]`, which the cache then holds."""
        start, new = cache.length, tokens.shape[1]
        if start + new > self.config.n_text_positions:
            raise ArgumentError(
                f"the text must fit into {self.config.n_text_positions} positions, got {start + new}",
                hint="shorten the prompt",
            )
        positions = torch.arange(start, start + new, device=tokens.device)
        mask = None if new == 1 else _causal_mask(new, start + new, tokens.device)
        return self.decoder(tokens, positions, cache.layers, mask)

    def logits(self, states: Tensor) -> Tensor:
        """Scores `[..., vocab]` of hidden `states` `[..., d_model]`, float32."""
        return self.decoder.logits(states)


class _CrossOnly:
    """The cache of a pass without a past: it keeps nothing."""

    def __init__(self, cross_keys: Tensor, cross_values: Tensor) -> None:
        self.cross_keys, self.cross_values = cross_keys, cross_values

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """What came is all there is."""
        return keys, values


def _feed_forward(d_model: int, width: int | None) -> nn.Sequential:
    """Normalisation and two products with a GELU between, `width` or four times as wide inside."""
    width = width or 4 * d_model
    return nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, width), nn.GELU(), nn.Linear(width, d_model))


def sinusoids(length: int, channels: int) -> Tensor:
    """Fixed positions: sines, then cosines, of timescales from 1 to 10000 in geometric steps.

    Vaswani et al., "Attention is all you need", 2017, section 3.5, with the sines and the cosines apart.
    """
    step = math.log(10000) / (channels // 2 - 1)
    rates = torch.exp(-step * torch.arange(channels // 2))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _causal_mask(new: int, total: int, device: torch.device) -> Tensor:
    """`[new, total]`, true where a query may look: at itself and before."""
    return torch.ones(new, total, dtype=torch.bool, device=device).tril(total - new)
