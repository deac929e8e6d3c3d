"""Vector quantisers: each step of a sequence becomes an entry of a codebook, learnt or at random.

Gumbel: Jang et al., "Categorical reparameterization with Gumbel-softmax", ICLR 2017,
as Baevski et al., "wav2vec 2.0", NeurIPS 2020, section 2 uses it. Random projections:
Chiu et al., "Self-supervised learning with random-projection quantizer for speech
recognition", ICML 2022.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.nn.foreign_state import ignore_on_load

__all__ = ["GumbelVectorQuantizer", "Quantised", "RandomProjectionQuantizer", "perplexity"]


def perplexity(probabilities: Tensor, mask: Tensor | None = None) -> Tensor:
    """How many entries of the codebooks are in use: the exponential of the entropy, summed over the codebooks.

    Args:
        probabilities: `(steps, groups, entries)`, of each entry at each step; their mean over the steps counts.
        mask: `(steps,)`, True for the steps that count; all where None.

    >>> perplexity(torch.eye(4).unsqueeze(1))
    tensor(4.)
    """
    if mask is None:
        mean = probabilities.mean(0)
    else:
        weights = mask.to(probabilities.dtype)
        mean = torch.einsum("sgv,s->gv", probabilities, weights) / weights.sum().clamp(min=1)
    return torch.exp(-torch.xlogy(mean, mean).sum(-1)).sum()


class Quantised(NamedTuple):
    """What a quantiser made of `(batch, time, features)`.

    Args:
        vectors: `(batch, time, vq_dim)`, entries of the codebooks.
        codes: `(batch, time, groups)`, which ones.
        code_perplexity: of the entries that were the most likely.
        prob_perplex: of the probabilities of all entries; this one has a gradient.
    """

    vectors: Tensor
    codes: Tensor
    code_perplexity: Tensor
    prob_perplex: Tensor


class GumbelVectorQuantizer(nn.Module):
    """Entries of several codebooks side by side, chosen at random in training, the most likely ones in evaluation.

    The choice has the gradient of a Gumbel softmax at `curr_temp`.

    Args:
        input_dim: features.
        num_vars: entries of a codebook.
        temp_tuple: (first, last, factor) of the temperature, see `update_temp`.
        groups: codebooks.
        vq_dim: features of the result, which the codebooks share.

    Raises:
        ArgumentError: `groups` that do not divide `vq_dim`, or a temperature without its three parts.

    >>> quantiser = GumbelVectorQuantizer(8, 10, (2.0, 0.25, 0.999995), groups=2, vq_dim=6)
    >>> result = quantiser(torch.zeros(2, 5, 8))
    >>> result["x"].shape, result["num_vars"]
    (torch.Size([2, 5, 6]), 20)
    """

    def __init__(self, input_dim: int, num_vars: int, temp_tuple: Sequence[float], groups: int, vq_dim: int) -> None:
        super().__init__()
        if groups < 1 or vq_dim % groups:
            raise ArgumentError(f"vq_dim must be a multiple of groups = {groups}, got {vq_dim}")
        if len(temp_tuple) != 3:
            raise ArgumentError(f"temp_tuple must be (first, last, factor), got {tuple(temp_tuple)}")
        self.input_dim, self.num_vars, self.groups, self.vq_dim = input_dim, num_vars, groups, vq_dim
        self.max_temp, self.min_temp, self.temp_decay = temp_tuple
        self.curr_temp = self.max_temp
        self.vars = nn.Parameter(torch.rand(1, groups * num_vars, vq_dim // groups))
        self.weight_proj = nn.Linear(input_dim, groups * num_vars)
        nn.init.normal_(self.weight_proj.weight)
        nn.init.zeros_(self.weight_proj.bias)
        ignore_on_load(self, "max_ent")

    def extra_repr(self) -> str:
        return f"{self.input_dim}, num_vars={self.num_vars}, groups={self.groups}, vq_dim={self.vq_dim}"

    def update_temp(self, steps: int) -> None:
        """Set the temperature for this step of training: the first one times the factor for each, not below the last.

        >>> quantiser = GumbelVectorQuantizer(8, 10, (2.0, 0.5, 0.5), 1, 6)
        >>> quantiser.update_temp(1)
        >>> quantiser.curr_temp
        1.0
        """
        self.curr_temp = max(self.max_temp * self.temp_decay**steps, self.min_temp)

    def quantise(self, x: Tensor, mask: Tensor | None = None) -> Quantised:
        """Entries for each step of `x` `(batch, time, input_dim)`; perplexities count where `mask` is True.

        Args:
            x: see above.
            mask: `(batch, time)`; all steps where None.
        """
        logits = self.weight_proj(x).flatten(0, 1).unflatten(-1, (self.groups, self.num_vars))
        steps = None if mask is None else mask.flatten()
        likeliest = logits.argmax(-1)
        hard = F.one_hot(likeliest, self.num_vars).to(torch.float32)
        if self.training:
            chosen = F.gumbel_softmax(logits.float(), tau=self.curr_temp, hard=True).to(x.dtype)
            codes = chosen.argmax(-1)
        else:
            chosen, codes = hard.to(x.dtype), likeliest
        books = self.vars.view(self.groups, self.num_vars, -1)
        vectors = torch.einsum("sgv,gvd->sgd", chosen, books.to(x.dtype)).flatten(1)
        return Quantised(
            vectors.unflatten(0, x.shape[:2]),
            codes.unflatten(0, x.shape[:2]),
            perplexity(hard, steps),
            perplexity(logits.float().softmax(-1), steps),
        )

    def forward(self, x: Tensor) -> dict[str, Any]:
        """`x` `(batch, time, vq_dim)`, `code_perplexity`, `prob_perplex`, `num_vars` of all codebooks, and `temp`."""
        result = self.quantise(x)
        return {
            "x": result.vectors,
            "code_perplexity": result.code_perplexity,
            "prob_perplex": result.prob_perplex,
            "num_vars": self.num_vars * self.groups,
            "temp": self.curr_temp,
        }


class RandomProjectionQuantizer(nn.Module):
    """The index of the entry of a random codebook that is the nearest to a random projection; nothing learns.

    Args:
        input_dim: features.
        cb_dim: features of an entry.
        cb_vocab: entries.

    >>> RandomProjectionQuantizer(16, 8, 32)(torch.zeros(2, 5, 16)).shape
    torch.Size([2, 5])
    """

    P: Tensor
    CB: Tensor

    def __init__(self, input_dim: int, cb_dim: int, cb_vocab: int) -> None:
        super().__init__()
        for name, value in (("input_dim", input_dim), ("cb_dim", cb_dim), ("cb_vocab", cb_vocab)):
            check_positive(name, value)
        self.input_dim, self.cb_dim, self.cb_vocab = input_dim, cb_dim, cb_vocab
        self.register_buffer("P", nn.init.xavier_uniform_(torch.empty(input_dim, cb_dim)))
        self.register_buffer("CB", F.normalize(torch.randn(cb_vocab, cb_dim)))

    def extra_repr(self) -> str:
        return f"{self.input_dim}, cb_dim={self.cb_dim}, cb_vocab={self.cb_vocab}"

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time)`, indices of `x`, `(batch, time, input_dim)`."""
        # Both have unit length, so that the nearest is the one with the largest product.
        return (F.normalize(x @ self.P, dim=-1) @ self.CB.T).argmax(-1)
