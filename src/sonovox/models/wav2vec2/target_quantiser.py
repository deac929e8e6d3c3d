"""`W2VTargetQuantiser`: what a frame is to be told from, in the pretraining of wav2vec 2.0.

Baevski et al., "wav2vec 2.0", NeurIPS 2020, sections 2 and 3.2.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.nn.quantisers import GumbelVectorQuantizer

__all__ = ["W2VTargetQuantiser"]


class W2VTargetQuantiser(nn.Module):
    """Two codebooks and a projection of what was chosen from them.

    Args:
        in_dim: features of the frames.
        out_dim: features of the targets.
        quantiser: class of the quantiser, with the arguments of `GumbelVectorQuantizer`.
        num_vars: entries of a codebook.
        temperature_decay: (first, last, factor) of the temperature.

    >>> targets, meta = W2VTargetQuantiser(in_dim=8, out_dim=6, num_vars=10)(torch.zeros(2, 5, 8))
    >>> targets.shape, sorted(meta)
    (torch.Size([2, 5, 6]), ['code_perplex', 'diversity_loss', 'num_vars', 'prob_perplex', 'temp'])
    """

    def __init__(
        self,
        in_dim: int = 512,
        out_dim: int = 256,
        quantiser: Callable[..., nn.Module] = GumbelVectorQuantizer,
        num_vars: int = 320,
        temperature_decay: Sequence[float] = (2.0, 0.25, 0.999995),
    ) -> None:
        super().__init__()
        self.quantiser = quantiser(in_dim, num_vars, temperature_decay, 2, out_dim)
        self.proj = nn.Linear(out_dim, out_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Any]]:
        """Targets `(batch, time, out_dim)` of `x` `(batch, time, in_dim)`, and what tells of the codebooks.

        The second has `diversity_loss` (the share of the codebooks that is not in use), `code_perplex` and
        `prob_perplex` (see `Quantised`), `num_vars` of all codebooks and `temp`.
        """
        result = self.quantiser(x)
        number, probable = result["num_vars"], result["prob_perplex"]
        return self.proj(result["x"]), {
            "diversity_loss": (number - probable) / number,
            "code_perplex": result["code_perplexity"],
            "prob_perplex": probable,
            "num_vars": torch.as_tensor(number),
            "temp": torch.as_tensor(result["temp"]),
        }
