"""Steps of transformers, one token at a time, with what earlier tokens left kept.

The keys and values of earlier tokens are kept for each hypothesis; those of the
encoder's states, once for all hypotheses of an item, which ask it side by side.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.nn.attention import MultiheadAttention, attend

__all__ = ["TransformerCache", "can_step", "step_decoder", "step_language_model"]


@dataclass
class TransformerCache:
    """What the tokens so far, and the encoder, left in a transformer.

    Attributes:
        past: keys and values of the tokens in each layer, `(layers, 2, rows, heads, steps, size)`; None at first.
        heard: keys and values of the encoder's states in each layer, of `(items, heads, time, size)` each.
        hidden_frames: where an item is padded, `(items, 1, 1, time)`.
        hidden_tokens: which tokens no other may see, `(rows, steps)`; None where all may be seen.
    """

    past: Tensor | None = None
    heard: list[tuple[Tensor, Tensor]] | None = None
    hidden_frames: Tensor | None = None
    hidden_tokens: Tensor | None = None

    @property
    def steps(self) -> int:
        """How many tokens there were."""
        return 0 if self.past is None else self.past.shape[4]

    def permute(self, index: Tensor) -> "TransformerCache":
        """The cache of rows `index`, each of the item that it was of."""
        hidden = None if self.hidden_tokens is None else self.hidden_tokens[index]
        past = None if self.past is None else self.past.index_select(2, index)
        return replace(self, past=past, hidden_tokens=hidden)

    def keep(self, rows: Tensor, beam: int) -> "TransformerCache":
        """The cache of `rows`, all `beam` of some items."""
        items = rows[::beam] // beam
        kept = self.permute(rows)
        if self.heard is not None and self.hidden_frames is not None:
            kept.heard = [(keys[items], values[items]) for keys, values in self.heard]
            kept.hidden_frames = self.hidden_frames[items]
        return kept


def can_step(layers: Any) -> bool:
    """Whether all self-attention of `layers` can be done token by token: it is the plain kind."""
    return all(type(getattr(x, "self_attn", getattr(x, "self_att", None))) is MultiheadAttention for x in layers)


def step_decoder(
    model: Any, tokens: Tensor, cache: TransformerCache, enc_states: Tensor, enc_lens: Tensor, beam: int
) -> tuple[Tensor, TransformerCache, Tensor]:
    """What `model.decode` gives for the last of the tokens: states `(rows, d_model)`, the cache, the weights.

    Args:
        model: a `TransformerASR`.
        tokens: the last tokens, `(rows,)`.
        cache: of the step before, or an empty one.
        enc_states: `(rows, time, d_model)`; looked at in the first step only.
        enc_lens: their counts of steps, `(rows,)`.
        beam: rows of each item, one after the other, with the same states.
    """
    layers = model.decoder.layers
    if cache.heard is None:
        states = enc_states[::beam]
        frames = torch.arange(states.shape[1], device=states.device)
        cache = replace(
            cache,
            heard=[_keys_and_values(layer.multihead_attn.att, states) for layer in layers],
            hidden_frames=(frames >= enc_lens[::beam].unsqueeze(1))[:, None, None],
        )
    x = model.custom_tgt_module(tokens.unsqueeze(1))
    places = model.positional_encoding_decoder or model.positional_encoding
    if places is not None:
        x = x + places(x, first=cache.steps)
    fresh: list[Tensor] = []
    weights = x.new_empty(0)
    for number, (layer, (keys, values)) in enumerate(zip(layers, cache.heard or [], strict=True)):
        first = layer.normalize_before
        x = _remember(layer.self_attn.att, x, layer.norm1, first, cache, number, fresh)
        query = layer.norm2(x) if first else x
        attention = layer.multihead_attn.att
        # (rows, 1, features) -> (items, heads, beam, size): hypotheses of an item share its keys and values.
        query = _heads(_project(attention, query, 0).view(-1, beam, query.shape[2]), attention)
        is_last = number == len(layers) - 1
        attended, attn = attend(query, keys, values, cache.hidden_frames, return_weights=is_last)
        x = x + attention.out_proj(attended.view(x.shape))
        x = x if first else layer.norm2(x)
        x = x + layer.pos_ffn(layer.norm3(x) if first else x)
        x = x if first else layer.norm3(x)
        if attn is not None:
            weights = attn.flatten(0, 1)
    return model.decoder.norm(x).squeeze(1), _longer(cache, fresh), weights


def step_language_model(model: Any, tokens: Tensor, cache: TransformerCache) -> tuple[Tensor, TransformerCache]:
    """What a `TransformerLM` says of the token after the last, `(rows, tokens)`, and the cache.

    Args:
        model: one without decoder layers, with plain attention.
        tokens: the last tokens, `(rows,)`.
        cache: of the step before, or an empty one.
    """
    padding = (tokens == 0).unsqueeze(1)
    hidden = padding if cache.hidden_tokens is None else torch.cat((cache.hidden_tokens, padding), dim=1)
    cache = replace(cache, hidden_tokens=hidden)
    x = model.custom_src_module(tokens.unsqueeze(1))
    if model.embedding_proj is not None:
        x = model.embedding_proj(x)
    if model.positional_encoding is not None:
        x = x + model.positional_encoding(x, first=cache.steps)
    fresh: list[Tensor] = []
    for number, layer in enumerate(model.encoder.layers):
        first = layer.normalize_before
        x = _remember(layer.self_att.att, x, layer.norm1, first, cache, number, fresh)
        x = x + layer.pos_ffn(layer.norm2(x) if first else x)
        x = x if first else layer.norm2(x)
    return model.output_proj(model.encoder.norm(x)).squeeze(1), _longer(cache, fresh)


def _remember(
    attention: nn.MultiheadAttention,
    x: Tensor,
    norm: nn.Module,
    first: bool,
    cache: TransformerCache,
    number: int,
    fresh: list[Tensor],
) -> Tensor:
    """Self-attention of one layer, with its residual and norm; puts the new keys and values into `fresh`."""
    normed = norm(x) if first else x
    query, key, value = (_heads(_project(attention, normed, part), attention) for part in range(3))
    fresh.append(torch.stack((key, value)))
    if cache.past is not None:
        key, value = (torch.cat((old, new), dim=2) for old, new in zip(cache.past[number], (key, value), strict=True))
    mask = None if cache.hidden_tokens is None else cache.hidden_tokens[:, None, None]
    attended, _ = attend(query, key, value, mask)
    x = x + attention.out_proj(attended)
    return x if first else norm(x)


def _longer(cache: TransformerCache, fresh: list[Tensor]) -> TransformerCache:
    new = torch.stack(fresh)
    return replace(cache, past=new if cache.past is None else torch.cat((cache.past, new), dim=4))


def _keys_and_values(attention: nn.MultiheadAttention, states: Tensor) -> tuple[Tensor, Tensor]:
    return _heads(_project(attention, states, 1), attention), _heads(_project(attention, states, 2), attention)


def _project(attention: nn.MultiheadAttention, x: Tensor, part: int) -> Tensor:
    """Queries, keys or values: part 0, 1 or 2."""
    bias = None if attention.in_proj_bias is None else attention.in_proj_bias.chunk(3)[part]
    separate = (attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight)[part]
    weight = attention.in_proj_weight.chunk(3)[part] if separate is None else separate
    return F.linear(x, weight, bias)


def _heads(x: Tensor, attention: nn.MultiheadAttention) -> Tensor:
    """`(rows, heads, steps, size)` of `(rows, steps, features)`."""
    return x.unflatten(2, (attention.num_heads, -1)).transpose(1, 2)
