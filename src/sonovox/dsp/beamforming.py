"""Beamforming weights for arrays of microphones, from power spectral densities or transfer functions.

MVDR after Souden, Benesty and Affes, "On optimal frequency-domain multichannel linear
filtering for noise reduction", IEEE TASLP 18, 2010, eq. 26, and after Capon with relative
transfer functions (RTF; Gannot et al., "A consolidated perspective on multimicrophone
speech enhancement", IEEE/ACM TASLP 25, 2017). Matrices are inverted in complex128.
"""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["apply_beamforming", "mvdr_weights_rtf", "mvdr_weights_souden", "psd", "rtf_evd", "rtf_power"]

_LOADING_FLOOR = 1e-8  # added to the loaded diagonal, so that silence can be inverted


def psd(specgram: Tensor, mask: Tensor | None = None, normalize: bool = True, eps: float = 1e-10) -> Tensor:
    """Power spectral density matrices between channels: the mean of `x x^H` over time, weighted by `mask`.

    Args:
        specgram: `(..., channel, freq, time)`, complex.
        mask: `(..., freq, time)`, weights, usually in [0, 1]; all ones, and a sum, if None.
        normalize: divide by the sum of the mask, for a mean.
        eps: added to that sum.

    Returns:
        `(..., freq, channel, channel)`, complex, Hermitian.

    Raises:
        ArgumentError: a real spectrogram, or a mask of another shape.

    >>> spectrum = torch.tensor([[[1.0 + 0j, 3.0]], [[1j, 1.0]]])  # two channels, one frequency, two frames
    >>> psd(spectrum)
    tensor([[[10.+0.j,  3.-1.j],
             [ 3.+1.j,  2.+0.j]]])
    """
    _check_complex("specgram", specgram, "(..., channel, freq, time)", 3)
    by_freq = specgram.transpose(-3, -2)  # (..., freq, channel, time)
    if mask is None:
        return by_freq @ by_freq.mH
    if mask.dim() < 2 or mask.shape[-2:] != specgram.shape[-2:]:
        raise ArgumentError(
            f"mask must be (..., freq, time) with freq and time of specgram, {tuple(specgram.shape[-2:])}, "
            f"got shape {tuple(mask.shape)}",
            hint="average the masks of several channels, or use PSD(multi_mask=True)",
        )
    weights = mask.to(torch.promote_types(mask.dtype, torch.float32))
    if normalize:
        weights = weights / (weights.sum(-1, keepdim=True) + eps)
    return (by_freq * weights.unsqueeze(-2)) @ by_freq.mH


def mvdr_weights_souden(
    psd_s: Tensor,
    psd_n: Tensor,
    reference_channel: int | Tensor,
    diagonal_loading: bool = True,
    diag_eps: float = 1e-7,
    eps: float = 1e-8,
) -> Tensor:
    """MVDR weights from the densities of speech and noise: `w = (N^-1 S) u / tr(N^-1 S)`.

    Args:
        psd_s: `(..., freq, channel, channel)`, complex, of the target speech.
        psd_n: likewise, of the noise.
        reference_channel: whose speech is kept undistorted: an index, or weights `(..., channel)`.
        diagonal_loading: add `diag_eps` times the trace to the diagonal of the noise.
        diag_eps: see there.
        eps: added to the trace in the denominator.

    Returns:
        `(..., freq, channel)`, complex, for `apply_beamforming`.

    Raises:
        ArgumentError: matrices that are real or not square, a channel that is not there.

    >>> speech = torch.ones(1, 2, 2, dtype=torch.complex64)  # the same in both channels
    >>> mvdr_weights_souden(speech, torch.diag(torch.tensor([1.0, 3.0])).to(speech)[None], 0)
    tensor([[0.7500+0.j, 0.2500+0.j]])
    """
    _check_square("psd_s", psd_s)
    _check_square("psd_n", psd_n)
    ratio = torch.linalg.solve(_load_diagonal(_wide(psd_n), diagonal_loading, diag_eps), _wide(psd_s))
    weights = ratio / (_trace(ratio) + eps)[..., None, None]
    return _at_reference(weights, reference_channel).to(torch.promote_types(psd_s.dtype, psd_n.dtype))


def mvdr_weights_rtf(
    rtf: Tensor,
    psd_n: Tensor,
    reference_channel: int | Tensor | None = None,
    diagonal_loading: bool = True,
    diag_eps: float = 1e-7,
    eps: float = 1e-8,
) -> Tensor:
    """MVDR weights from a transfer function and the density of the noise: `w = N^-1 h / (h^H N^-1 h)`.

    Args:
        rtf: `(..., freq, channel)`, complex, from the speaker to the channels.
        psd_n: see `mvdr_weights_souden`, as are all others.
        reference_channel: scale the weights by the conjugate of the transfer function there; not if None.
        eps: added to the denominator.

    Returns:
        `(..., freq, channel)`, complex.

    Raises:
        ArgumentError: see `mvdr_weights_souden`.

    >>> noise = torch.diag(torch.tensor([1.0, 3.0])).to(torch.complex64)[None]
    >>> mvdr_weights_rtf(torch.ones(1, 2, dtype=torch.complex64), noise)
    tensor([[0.7500+0.j, 0.2500+0.j]])
    """
    _check_complex("rtf", rtf, "(..., freq, channel)", 2)
    _check_square("psd_n", psd_n)
    if rtf.shape[-1] != psd_n.shape[-1]:
        raise ArgumentError(f"rtf and psd_n must have as many channels, got {rtf.shape[-1]} and {psd_n.shape[-1]}")
    transfer = _wide(rtf).unsqueeze(-1)
    whitened = torch.linalg.solve(_load_diagonal(_wide(psd_n), diagonal_loading, diag_eps), transfer)
    gain = (transfer.mH @ whitened).real.squeeze(-1)
    weights = whitened.squeeze(-1) / (gain + eps)
    if reference_channel is not None:
        # As if the transfer function were one at the reference.
        weights = weights * _at_reference(transfer.mT, reference_channel).conj()
    return weights.to(torch.promote_types(rtf.dtype, psd_n.dtype))


def rtf_evd(psd_s: Tensor) -> Tensor:
    """Transfer function to the channels: the eigenvector of the largest eigenvalue of the density of speech.

    It is of unit length and, since it is defined up to a phase only, turned so that its first
    element is real and not negative.

    Args:
        psd_s: see `mvdr_weights_souden`.

    Returns:
        `(..., freq, channel)`, complex.

    Raises:
        ArgumentError: see `mvdr_weights_souden`.

    >>> torch.view_as_real(rtf_evd(torch.tensor([[[1.0, -2j], [2j, 4.0]]]))).abs().round(decimals=4)
    tensor([[[0.4472, 0.0000],
             [0.0000, 0.8944]]])
    """
    _check_square("psd_s", psd_s)
    density = _wide(psd_s)
    trace = _trace(density)
    # LAPACK refuses NaN, and the vectors of equal eigenvalues have no derivative.
    spoilt, silent = ~density.isfinite().all(-1).all(-1), trace == 0
    stand_in = torch.diag(torch.arange(1.0, density.shape[-1] + 1, device=density.device)).to(density)
    density = torch.where((spoilt | silent)[..., None, None], stand_in, density)
    _, vectors = torch.linalg.eigh(density)
    transfer = vectors[..., -1]  # eigenvalues ascend
    first = transfer[..., :1]
    size = first.abs()
    turn = torch.where(size > 0, first.conj() / size.masked_fill(size == 0, 1.0), torch.ones_like(first))
    return (transfer * turn).masked_fill(spoilt[..., None], torch.nan).to(psd_s.dtype)


def rtf_power(
    psd_s: Tensor,
    psd_n: Tensor,
    reference_channel: int | Tensor,
    n_iter: int = 3,
    diagonal_loading: bool = True,
    diag_eps: float = 1e-7,
) -> Tensor:
    """Transfer function to the channels by the power method on `N^-1 S`.

    Args:
        psd_s: see `mvdr_weights_souden`, as are `psd_n`, `diagonal_loading` and `diag_eps`.
        reference_channel: whose column of `N^-1 S` is the first estimate.
        n_iter: steps of the power method, at least 1.

    Returns:
        `(..., freq, channel)`, complex, not of unit length.

    Raises:
        ArgumentError: see `mvdr_weights_souden`; `n_iter` below 1.

    >>> speech = torch.tensor([[[1.0, 2.0], [2.0, 4.0]]], dtype=torch.complex64)
    >>> transfer = rtf_power(speech, torch.eye(2, dtype=torch.complex64)[None], 0)
    >>> transfer / transfer[..., :1]
    tensor([[1.+0.j, 2.+0.j]])
    """
    _check_square("psd_s", psd_s)
    _check_square("psd_n", psd_n)
    if n_iter < 1:
        raise ArgumentError(f"n_iter must be at least 1, got {n_iter}")
    speech, noise = _wide(psd_s), _load_diagonal(_wide(psd_n), diagonal_loading, diag_eps)
    ratio = torch.linalg.solve(noise, speech)
    transfer = _at_reference(ratio, reference_channel).unsqueeze(-1)
    for _ in range(n_iter - 2):
        transfer = ratio @ transfer
    # The eigenvector of N^-1 S comes back to the channels through N, which the last step has in it already.
    transfer = (speech if n_iter > 1 else noise) @ transfer
    return transfer.squeeze(-1).to(torch.promote_types(psd_s.dtype, psd_n.dtype))


def apply_beamforming(beamform_weights: Tensor, specgram: Tensor) -> Tensor:
    """One spectrogram from those of all channels: `w^H x` at each frequency.

    Args:
        beamform_weights: `(..., freq, channel)`, complex.
        specgram: `(..., channel, freq, time)`, complex.

    Returns:
        `(..., freq, time)`, complex.

    Raises:
        ArgumentError: real tensors, or shapes that do not fit.

    >>> spectrum = torch.tensor([[[1.0 + 0j, 3.0]], [[1j, 1.0]]])
    >>> apply_beamforming(torch.tensor([[0.5 + 0j, 0.5j]]), spectrum)
    tensor([[1.0000+0.0000j, 1.5000-0.5000j]])
    """
    _check_complex("beamform_weights", beamform_weights, "(..., freq, channel)", 2)
    _check_complex("specgram", specgram, "(..., channel, freq, time)", 3)
    channels, freqs = specgram.shape[-3:-1]
    if beamform_weights.shape[-2:] != (freqs, channels):
        raise ArgumentError(
            f"beamform_weights must be (..., freq, channel) = (..., {freqs}, {channels}) for specgram, "
            f"got shape {tuple(beamform_weights.shape)}"
        )
    return (beamform_weights.conj().unsqueeze(-2) @ specgram.transpose(-3, -2)).squeeze(-2)


def _wide(matrix: Tensor) -> Tensor:
    return matrix.to(torch.complex128)


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1)


def _load_diagonal(matrix: Tensor, loading: bool, diag_eps: float) -> Tensor:
    if not loading:
        return matrix
    amount = _trace(matrix).real * diag_eps + _LOADING_FLOOR
    return matrix + amount[..., None, None] * torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def _at_reference(matrix: Tensor, reference_channel: int | Tensor) -> Tensor:
    """The column at the reference of `(..., freq, rows, channel)`, as `(..., freq, rows)`."""
    channels = matrix.shape[-1]
    if isinstance(reference_channel, Tensor):
        if reference_channel.dim() == 0 or reference_channel.shape[-1] != channels:
            raise ArgumentError(
                f"reference_channel must have {channels} weights (..., channel), got shape "
                f"{tuple(reference_channel.shape)}",
                hint="give an index as an int",
            )
        weights = reference_channel.to(matrix.dtype)[..., None, :, None]
        return (matrix @ weights).squeeze(-1)
    if not -channels <= reference_channel < channels:
        raise ArgumentError(
            f"reference_channel must be below {channels}, the number of channels, got {reference_channel}"
        )
    return matrix[..., reference_channel]


def _check_complex(name: str, tensor: Tensor, shape: str, dims: int) -> None:
    if not tensor.is_complex():
        raise ArgumentError(
            f"{name} must be complex, got {str(tensor.dtype).removeprefix('torch.')}",
            hint="take spectrograms with power=None",
        )
    if tensor.dim() < dims:
        raise ArgumentError(f"{name} must be {shape}, got shape {tuple(tensor.shape)}")


def _check_square(name: str, tensor: Tensor) -> None:
    _check_complex(name, tensor, "(..., freq, channel, channel)", 3)
    if tensor.shape[-1] != tensor.shape[-2]:
        raise ArgumentError(f"{name} must be (..., freq, channel, channel), got shape {tuple(tensor.shape)}")
