"""Inverse of a bank of filters: the spectrogram that would give what was summed.

Filters are fewer than bins, so many spectrograms would do; the one of least
energy is taken, which Moore and Penrose's inverse of the filters gives in one
product, and what it has of negative powers is cut off. What inverse mel and bark
scales have in common; a building block of `dsp`, not part of its faces.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import full_precision

__all__ = ["InverseFilterBank"]


class InverseFilterBank(nn.Module):
    """Keeps filters, as the buffer `fb`, and their inverse, which follows when other filters are loaded.

    Args:
        filters: `(n_freqs, n_filters)`.

    >>> InverseFilterBank(torch.eye(3)).bins_of("melspec", torch.ones(3, 2), "n_mels").shape
    torch.Size([3, 2])
    """

    fb: Tensor
    inverse: Tensor

    def __init__(self, filters: Tensor) -> None:
        super().__init__()
        self.register_buffer("fb", filters)
        self.register_buffer("inverse", _inverse(filters), persistent=False)
        self.register_load_state_dict_post_hook(_invert_again)

    def bins_of(self, name: str, features: Tensor, count_name: str) -> Tensor:
        """Spectrogram `(..., n_freqs, frames)` of `features`, `(..., n_filters, frames)`.

        Args:
            name: what the caller calls the features.
            features: floating point.
            count_name: what the caller calls the number of filters.

        Raises:
            ArgumentError: another number of filters, integers.
        """
        check_floating(name, features)
        count = self.fb.shape[1]
        if features.dim() < 2 or features.shape[-2] != count:
            raise ArgumentError(
                f"{name} must have shape (..., {count_name}={count}, frames), got {tuple(features.shape)}",
                hint=f"set {count_name} to the number of its filters",
            )
        with full_precision(features):
            return (features.transpose(-1, -2) @ self.inverse.to(features.dtype)).relu().transpose(-1, -2)


def _inverse(filters: Tensor) -> Tensor:
    # In float64, with singular values cut where they drown in the rounding of the filters themselves.
    cutoff = max(filters.shape) * torch.finfo(filters.dtype).eps
    return torch.linalg.pinv(filters.double(), rtol=cutoff).to(filters)


def _invert_again(module: nn.Module, _: object) -> None:
    """Filters that were loaded have another inverse."""
    with torch.no_grad():
        module.inverse.copy_(_inverse(module.fb))  # type: ignore[operator, arg-type]
