"""Modules of MVDR beamforming: densities, weights and their application in one step."""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.beamforming import apply_beamforming, mvdr_weights_rtf, mvdr_weights_souden, psd, rtf_evd, rtf_power

__all__ = ["MVDR", "PSD", "RTFMVDR", "SoudenMVDR"]


class PSD(nn.Module):
    """Power spectral density matrices, by `psd`.

    Args:
        multi_mask: the mask has a channel axis, over which it is averaged.
        normalize: see `psd`.
        eps: see `psd`; smaller here, as in torchaudio.

    >>> PSD()(torch.ones(2, 5, 20, dtype=torch.complex64), torch.ones(5, 20)).shape
    torch.Size([5, 2, 2])
    """

    def __init__(self, multi_mask: bool = False, normalize: bool = True, eps: float = 1e-15) -> None:
        super().__init__()
        self.multi_mask = multi_mask
        self.normalize = normalize
        self.eps = eps

    def forward(self, specgram: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None and self.multi_mask:
            mask = _mean_of_channels(mask)
        return psd(specgram, mask, self.normalize, self.eps)

    def extra_repr(self) -> str:
        return f"multi_mask={self.multi_mask}, normalize={self.normalize}"


class SoudenMVDR(nn.Module):
    """Beamforming with `mvdr_weights_souden`; it keeps nothing.

    >>> density = torch.eye(2, dtype=torch.complex64).expand(5, 2, 2)
    >>> SoudenMVDR()(torch.ones(2, 5, 20, dtype=torch.complex64), density, density, 0).shape
    torch.Size([5, 20])
    """

    def forward(
        self,
        specgram: Tensor,
        psd_s: Tensor,
        psd_n: Tensor,
        reference_channel: int | Tensor,
        diagonal_loading: bool = True,
        diag_eps: float = 1e-7,
        eps: float = 1e-8,
    ) -> Tensor:
        weights = mvdr_weights_souden(psd_s, psd_n, reference_channel, diagonal_loading, diag_eps, eps)
        return apply_beamforming(weights, specgram)


class RTFMVDR(nn.Module):
    """Beamforming with `mvdr_weights_rtf`; it keeps nothing.

    >>> noise = torch.eye(2, dtype=torch.complex64).expand(5, 2, 2)
    >>> spectrum = torch.ones(2, 5, 20, dtype=torch.complex64)
    >>> RTFMVDR()(spectrum, torch.ones(5, 2, dtype=torch.complex64), noise, 0).shape
    torch.Size([5, 20])
    """

    def forward(
        self,
        specgram: Tensor,
        rtf: Tensor,
        psd_n: Tensor,
        reference_channel: int | Tensor,
        diagonal_loading: bool = True,
        diag_eps: float = 1e-7,
        eps: float = 1e-8,
    ) -> Tensor:
        weights = mvdr_weights_rtf(rtf, psd_n, reference_channel, diagonal_loading, diag_eps, eps)
        return apply_beamforming(weights, specgram)


class MVDR(nn.Module):
    """MVDR beamforming from masks of speech and noise, computed in complex128.

    Args:
        ref_channel: whose speech is kept undistorted.
        solution: `"ref_channel"` for Souden's weights, `"stv_evd"` or `"stv_power"` for those from
            transfer functions by `rtf_evd` or `rtf_power`.
        multi_mask: the masks have a channel axis, over which they are averaged.
        diag_loading: load the diagonal of the noise's densities.
        diag_eps: see `mvdr_weights_souden`.
        online: carry the densities over from call to call until `reset`, as torchaudio does: those of
            before keep the share `m / (m + n)` that their masks have in the sum of all masks, and
            those of the call enter as `1 / (m + n)`, where n is the sum of their masks.

    >>> spectrum, mask = torch.ones(2, 5, 20, dtype=torch.complex64), torch.full((5, 20), 0.5)
    >>> MVDR()(spectrum, mask).shape
    torch.Size([5, 20])
    """

    def __init__(
        self,
        ref_channel: int = 0,
        solution: str = "ref_channel",
        multi_mask: bool = False,
        diag_loading: bool = True,
        diag_eps: float = 1e-7,
        online: bool = False,
    ) -> None:
        super().__init__()
        check_choice("solution", solution, ["ref_channel", "stv_evd", "stv_power"])
        self.ref_channel = ref_channel
        self.solution = solution
        self.multi_mask = multi_mask
        self.diag_loading = diag_loading
        self.diag_eps = diag_eps
        self.online = online
        self.psd = PSD(multi_mask)
        self.reset()

    def reset(self) -> None:
        """Forget the densities of earlier calls (`online`)."""
        self._heard: dict[str, tuple[Tensor, Tensor]] = {}

    def forward(self, specgram: Tensor, mask_s: Tensor, mask_n: Tensor | None = None) -> Tensor:
        """One spectrogram `(..., freq, time)` of those of all channels.

        Args:
            specgram: `(..., channel, freq, time)`, complex.
            mask_s: of speech, `(..., freq, time)`, or `(..., channel, freq, time)` with `multi_mask`.
            mask_n: of noise, likewise; `1 - mask_s` if None.

        Raises:
            ArgumentError: see `psd` and `apply_beamforming`.
        """
        wide = specgram.to(torch.complex128) if specgram.is_complex() else specgram
        mask_n = 1 - mask_s if mask_n is None else mask_n
        psd_s, psd_n = self._density("speech", wide, mask_s.double()), self._density("noise", wide, mask_n.double())
        loading = (self.diag_loading, self.diag_eps)
        if self.solution == "ref_channel":
            weights = mvdr_weights_souden(psd_s, psd_n, self.ref_channel, *loading)
        elif self.solution == "stv_evd":
            weights = mvdr_weights_rtf(rtf_evd(psd_s), psd_n, self.ref_channel, *loading)
        else:
            transfer = rtf_power(psd_s, psd_n, self.ref_channel, 3, *loading)
            weights = mvdr_weights_rtf(transfer, psd_n, self.ref_channel, *loading)
        return apply_beamforming(weights, wide).to(specgram.dtype)

    def _density(self, what: str, specgram: Tensor, mask: Tensor) -> Tensor:
        density = self.psd(specgram, mask)
        if not self.online:
            return density
        amount = (_mean_of_channels(mask) if self.multi_mask else mask).sum(-1)[..., None, None]
        if what in self._heard:
            before, amount_before = self._heard[what]
            if before.shape != density.shape:
                raise ArgumentError(
                    f"specgram must have the shape of earlier calls, with densities of {tuple(before.shape)}, "
                    f"got {tuple(density.shape)}",
                    hint="call reset() before another recording",
                )
            share = amount_before / (amount_before + amount)
            # Not the mean of all frames, in which the new density would count `amount` times: torchaudio's numbers.
            density = share * before + density / (amount_before + amount)
            amount = amount + amount_before
        self._heard[what] = (density.detach(), amount.detach())
        return density

    def extra_repr(self) -> str:
        return f"ref_channel={self.ref_channel}, solution={self.solution}, online={self.online}"


def _mean_of_channels(mask: Tensor) -> Tensor:
    if mask.dim() < 3:
        raise ArgumentError(f"with multi_mask, mask must be (..., channel, freq, time), got shape {tuple(mask.shape)}")
    return mask.mean(-3)
