"""Prefix beam search for connectionist temporal classification, without words.

`ctc_prefixes.c` does the work. Its torch reference is the search of
`decoding.ctc_prefix_beam`, which asks for words, too, and runs on any device.
"""

from collections.abc import Sequence
from ctypes import c_double, c_int64, c_void_p
from math import exp, log
from typing import NamedTuple

import torch
from torch import Tensor

from sonovox._kernels.load import kernels

__all__ = ["Prefix", "ctc_prefixes"]

_LN_2 = log(2.0)
# As in C.
_BITS_OF_A_SHIFT = 332


class Prefix(NamedTuple):
    """What some frames may spell: tokens, the frames where they are said, the log-probability over all alignments."""

    tokens: list[int]
    frames: list[int]
    score: float


def ctc_prefixes(
    log_probs: Tensor,
    counts: Sequence[int],
    blank: int,
    numbers: Tensor,
    *,
    beam_size: int,
    beam_prune_logp: float,
    token_prune_min_logp: float,
    topk: int,
) -> list[list[Prefix]] | None:
    """The best prefixes of each item, in the order of the search; None where there is no kernel for them.

    Args:
        log_probs: `(items, frames, tokens)`.
        counts: frames of each item.
        blank: index of the blank.
        numbers: a random one for each token, int64, of which hashes are made.
        beam_size: see `CTCBeamSearcher`, as are all others.
        beam_prune_logp: see `beam_size`.
        token_prune_min_logp: see `beam_size`.
        topk: see `beam_size`.

    >>> frames = torch.tensor([[[0.1, 0.9], [0.6, 0.4], [0.2, 0.8]]]).log()
    >>> options = {"beam_size": 4, "beam_prune_logp": -10.0, "token_prune_min_logp": -5.0, "topk": 1}
    >>> found = ctc_prefixes(frames, [3], 0, torch.tensor([3, 5]), **options)
    >>> [1] if found is None else found[0][0].tokens
    [1]
    """
    library = kernels().library
    if library is None or log_probs.device.type != "cpu":
        return None
    items, time, classes = log_probs.shape
    probs = log_probs.double().exp().contiguous()
    topk = min(topk, beam_size)
    sizes = torch.tensor(list(counts), dtype=torch.int64)
    tokens = torch.empty(items, topk, time, dtype=torch.int64)
    frames, lengths = torch.empty_like(tokens), torch.full((items, topk), -1)
    mantissas, shifts = torch.zeros(items, topk, dtype=torch.float64), torch.zeros(items, topk, dtype=torch.int64)
    tensors = (probs, sizes, numbers.contiguous(), tokens, frames, lengths, mantissas, shifts)
    addresses = (c_void_p(tensor.data_ptr()) for tensor in tensors)
    numbers_of = (c_int64(size) for size in (items, time, classes, blank, beam_size, topk))
    limits = (c_double(exp(limit)) for limit in (beam_prune_logp, token_prune_min_logp))
    if library.sonovox_ctc_prefixes(*addresses, *numbers_of, *limits):
        raise MemoryError("no memory for the hypotheses of a search")
    scores = (mantissas.log() - _BITS_OF_A_SHIFT * _LN_2 * shifts).tolist()
    return [
        [
            Prefix(tokens[item, k, :length].tolist(), frames[item, k, :length].tolist(), scores[item][k])
            for k, length in enumerate(row)
            if length >= 0
        ]
        for item, row in enumerate(lengths.tolist())
    ]
