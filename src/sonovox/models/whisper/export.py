"""Whisper for production: the encoder as it is, and the decoder as one step without hidden state.

`torch.export` and `torch.compile(fullgraph=True)` want functions of tensors. The
encoder is one. The decoder keeps a cache, so its step takes the cache in and
gives it back; every shape is fixed, and what is not said yet is masked.
"""

import torch
from torch import Tensor, nn

from sonovox.models.whisper.model import Whisper

__all__ = ["WhisperDecoderStep"]


class WhisperDecoderStep(nn.Module):
    """One token of every row through the decoder.

    Its inputs and outputs are tensors alone:

    - tokens `[rows, 1]`, integers;
    - position, a scalar tensor: how many tokens were said before;
    - keys and values, each `[layers, rows, heads, n_text_positions, head_dim]`, from `empty_cache`;
    - cross_keys and cross_values, each `[layers, items, heads, n_audio_positions, head_dim]`, from `read_audio`,
      where `rows` is a multiple of `items`: its beams stand together.

    It returns logits `[rows, vocab]` and the new keys and values.

    >>> from sonovox.models.whisper import WhisperConfig
    >>> config = WhisperConfig(d_model=64, n_heads=2, n_encoder_layers=1, n_decoder_layers=1)
    >>> step = WhisperDecoderStep(Whisper(config))
    >>> audio = step.read_audio(torch.zeros(1, 1500, 64))
    >>> logits, *cache = step(torch.tensor([[50258]]), torch.tensor(0), *step.empty_cache(rows=1), *audio)
    >>> logits.shape
    torch.Size([1, 51865])
    """

    def __init__(self, model: Whisper) -> None:
        super().__init__()
        self.config = model.config
        self.decoder = model.decoder

    def forward(
        self, tokens: Tensor, position: Tensor, keys: Tensor, values: Tensor, cross_keys: Tensor, cross_values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        layers = [_StepCache(position, *layer) for layer in zip(keys, values, cross_keys, cross_values, strict=True)]
        places = torch.arange(self.config.n_text_positions, device=tokens.device)
        mask = (places <= position)[None]  # [1, n_text_positions]
        states = self.decoder(tokens, position.view(1), layers, mask)
        logits = self.decoder.logits(states[:, -1])
        return logits, torch.stack([c.keys for c in layers]), torch.stack([c.values for c in layers])

    def empty_cache(self, rows: int) -> tuple[Tensor, Tensor]:
        """Keys and values before anything was said."""
        config, weight = self.config, self.decoder.positions
        shape = (config.n_decoder_layers, rows, config.n_heads, config.n_text_positions, config.head_dim)
        return weight.new_zeros(shape), weight.new_zeros(shape)

    def read_audio(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of encoded `audio` `[items, n_audio_positions, d_model]`."""
        pairs = self.decoder.read_audio(audio)
        return torch.stack([k for k, _ in pairs]), torch.stack([v for _, v in pairs])


class _StepCache:
    """Cache of one layer whose position is a tensor; `append` writes into copies, not in place."""

    def __init__(self, position: Tensor, keys: Tensor, values: Tensor, cross_keys: Tensor, cross_values: Tensor):
        self.position = position.view(1)
        self.keys, self.values = keys, values
        self.cross_keys, self.cross_values = cross_keys, cross_values

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Put the newest position into its place; return all places, said or not."""
        self.keys = self.keys.index_copy(2, self.position, keys)
        self.values = self.values.index_copy(2, self.position, values)
        return self.keys, self.values
