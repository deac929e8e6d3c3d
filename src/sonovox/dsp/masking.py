"""Masks of time and frequency on spectrograms.

Park et al., "SpecAugment: a simple data augmentation method for automatic speech
recognition", Interspeech 2019.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["FrequencyMasking", "SpecAugment", "TimeMasking", "mask_along_axis", "mask_along_axis_iid"]


def mask_along_axis(specgram: Tensor, mask_param: int, mask_value: float | Tensor, axis: int, p: float = 1.0) -> Tensor:
    """One mask for all: a random stretch of the axis replaced by a value.

    Args:
        specgram: `(..., freq, frames)`.
        mask_param: the mask is shorter than this many bins or frames; its length is uniform from 0.
        mask_value: what is written, a number or a tensor that broadcasts against `specgram`.
        axis: of frequency or of frames: one of the last two.
        p: the mask is at most this part of the axis, 0 to 1.

    Returns:
        The shape of `specgram`.

    Raises:
        ArgumentError: another axis, a negative `mask_param`, `p` outside 0 to 1.

    >>> _ = torch.manual_seed(0)
    >>> mask_along_axis(torch.ones(1, 8), 6, 0.0, -1)
    tensor([[1., 1., 1., 0., 0., 1., 1., 1.]])
    """
    return _mask(specgram, mask_param, mask_value, axis, p, ())


def mask_along_axis_iid(
    specgrams: Tensor, mask_param: int, mask_value: float | Tensor, axis: int, p: float = 1.0
) -> Tensor:
    """`mask_along_axis` with a mask of its own for each `(freq, frames)`.

    Args:
        specgrams: see `specgram` of `mask_along_axis`, as are all others.

    >>> _ = torch.manual_seed(0)
    >>> mask_along_axis_iid(torch.ones(2, 1, 8), 6, 0.0, -1)[:, 0]
    tensor([[0., 0., 1., 1., 1., 1., 1., 1.],
            [0., 0., 0., 0., 1., 1., 1., 1.]])
    """
    return _mask(specgrams, mask_param, mask_value, axis, p, specgrams.shape[:-2])


class FrequencyMasking(nn.Module):
    """Mask a random stretch of frequencies.

    Args:
        freq_mask_param: see `mask_param` of `mask_along_axis`.
        iid_masks: a mask of its own for each `(freq, frames)`.

    >>> FrequencyMasking(10)(torch.ones(2, 40, 100)).shape
    torch.Size([2, 40, 100])
    """

    def __init__(self, freq_mask_param: int, iid_masks: bool = False) -> None:
        super().__init__()
        self.freq_mask_param = freq_mask_param
        self.iid_masks = iid_masks

    def forward(self, specgram: Tensor, mask_value: float | Tensor = 0.0) -> Tensor:
        mask = mask_along_axis_iid if self.iid_masks else mask_along_axis
        return mask(specgram, self.freq_mask_param, mask_value, -2)

    def extra_repr(self) -> str:
        return f"freq_mask_param={self.freq_mask_param}, iid_masks={self.iid_masks}"


class TimeMasking(nn.Module):
    """Mask a random stretch of frames.

    Args:
        time_mask_param: see `mask_param` of `mask_along_axis`.
        iid_masks: a mask of its own for each `(freq, frames)`.
        p: see `mask_along_axis`.

    >>> TimeMasking(10)(torch.ones(2, 40, 100)).shape
    torch.Size([2, 40, 100])
    """

    def __init__(self, time_mask_param: int, iid_masks: bool = False, p: float = 1.0) -> None:
        super().__init__()
        self.time_mask_param = time_mask_param
        self.iid_masks = iid_masks
        self.p = p

    def forward(self, specgram: Tensor, mask_value: float | Tensor = 0.0) -> Tensor:
        mask = mask_along_axis_iid if self.iid_masks else mask_along_axis
        return mask(specgram, self.time_mask_param, mask_value, -1, self.p)

    def extra_repr(self) -> str:
        return f"time_mask_param={self.time_mask_param}, iid_masks={self.iid_masks}, p={self.p}"


class SpecAugment(nn.Module):
    """Several masks of time, then several of frequency.

    Args:
        n_time_masks: how many masks of frames.
        time_mask_param: see `mask_param` of `mask_along_axis`, for frames.
        n_freq_masks: how many masks of frequencies.
        freq_mask_param: the same for frequencies.
        iid_masks: masks of its own for each `(freq, frames)`.
        p: see `mask_along_axis`; for frames only.
        zero_masking: write zeros; otherwise the mean of each `(freq, frames)`.

    >>> SpecAugment(2, 20, 2, 8)(torch.ones(2, 40, 100)).shape
    torch.Size([2, 40, 100])
    """

    def __init__(
        self,
        n_time_masks: int,
        time_mask_param: int,
        n_freq_masks: int,
        freq_mask_param: int,
        iid_masks: bool = True,
        p: float = 1.0,
        zero_masking: bool = False,
    ) -> None:
        super().__init__()
        self.n_time_masks = n_time_masks
        self.n_freq_masks = n_freq_masks
        self.zero_masking = zero_masking
        self.time_masking = TimeMasking(time_mask_param, iid_masks, p)
        self.frequency_masking = FrequencyMasking(freq_mask_param, iid_masks)

    def forward(self, specgram: Tensor) -> Tensor:
        check_floating("specgram", specgram)
        value = 0.0 if self.zero_masking else specgram.mean(dim=(-2, -1), keepdim=True)
        for _ in range(self.n_time_masks):
            specgram = self.time_masking(specgram, value)
        for _ in range(self.n_freq_masks):
            specgram = self.frequency_masking(specgram, value)
        return specgram

    def extra_repr(self) -> str:
        return f"n_time_masks={self.n_time_masks}, n_freq_masks={self.n_freq_masks}, zero_masking={self.zero_masking}"


def _mask(
    specgram: Tensor, mask_param: int, mask_value: float | Tensor, axis: int, p: float, items: tuple[int, ...]
) -> Tensor:
    check_floating("specgram", specgram, allow_complex=True)
    from_end = axis - specgram.dim() if axis >= 0 else axis
    if specgram.dim() < 2 or from_end not in (-2, -1):
        raise ArgumentError(
            f"axis must be one of the last two of specgram, got {axis} for shape {tuple(specgram.shape)}",
            hint="-2 is frequency, -1 are frames",
        )
    if mask_param < 0 or not 0.0 <= p <= 1.0:
        raise ArgumentError(
            f"mask_param must not be negative and p must be 0 to 1, got {mask_param} and {p}",
            hint="p limits the mask to a part of the axis",
        )
    size = specgram.shape[from_end]
    # Of symbols, so that exported programs take any length.
    longest = torch.sym_min(mask_param, torch.sym_int(size * p)) if p < 1.0 else mask_param
    lengths, starts = torch.rand((2, *items, 1, 1), device=specgram.device)
    lengths = lengths * longest
    starts = (starts * (size - lengths)).long()
    places = torch.arange(size, device=specgram.device)
    places = places[:, None] if from_end == -2 else places
    masked = (places >= starts) & (places < starts + lengths.long())
    return torch.where(masked, mask_value, specgram)
