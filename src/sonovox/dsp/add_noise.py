"""Noise added to a signal at a given ratio of their energies."""

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import in_plain_eager

__all__ = ["AddNoise", "add_noise"]


def add_noise(waveform: Tensor, noise: Tensor, snr: Tensor, lengths: Tensor | None = None) -> Tensor:
    """`waveform + g * noise`, with `g` such that `10 log10(energy of waveform / energy of g * noise)` is `snr`.

    Where the waveform or the noise is silent no ratio exists, and nothing is added.

    Args:
        waveform: `(..., time)`, floating point; half precision is computed in float32.
        noise: `(..., time)`, as long as `waveform`.
        snr: `(...)`, in dB.
        lengths: `(...)`, samples of each item, of which the energies are taken; all of them if None. Noise is
            added beyond them too, as in torchaudio.

    Returns:
        `(..., time)`, in the dtype of `waveform`.

    Raises:
        ArgumentError: shapes that do not fit, lengths beyond the signal, integers.

    >>> add_noise(torch.tensor([1.0, -1.0]), torch.tensor([3.0, 3.0]), torch.tensor(20.0))
    tensor([ 1.1000, -0.9000])
    """
    for name, signal in (("waveform", waveform), ("noise", noise)):
        check_time_axis(name, signal)
        check_floating(name, signal)
    check_floating("snr", snr)
    leading, time = waveform.shape[:-1], waveform.shape[-1]
    if noise.shape != waveform.shape:
        raise ArgumentError(
            f"noise must have the shape of waveform, {tuple(waveform.shape)}, got {tuple(noise.shape)}",
            hint="cut or repeat it to the length, and expand it to the batch",
        )
    for name, values in (("snr", snr), ("lengths", lengths)):
        if values is not None and values.shape != leading:
            raise ArgumentError(
                f"{name} must have shape {tuple(leading)}, one for each item, got {tuple(values.shape)}"
            )
    signal, added = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in (waveform, noise))
    heard, heard_noise = signal, added
    if lengths is not None:
        if in_plain_eager() and bool(((lengths < 0) | (lengths > time)).any()):
            raise ArgumentError(f"lengths must be from 0 to {time}, the samples of waveform, got {lengths.tolist()}")
        inside = torch.arange(time, device=waveform.device) < lengths.unsqueeze(-1)
        # Not a product with the mask, which would keep NaN of the padding.
        heard, heard_noise = (x.masked_fill(~inside, 0.0) for x in (signal, added))
    # Roots of the energies, without squares of the signals in memory.
    norm, norm_of_noise = (torch.linalg.vector_norm(x, dim=-1) for x in (heard, heard_noise))
    silent = (norm == 0) | (norm_of_noise == 0)
    ratio = norm.masked_fill(silent, 1.0) / norm_of_noise.masked_fill(silent, 1.0)
    gain = ratio * 10.0 ** (-snr.to(ratio.dtype) / 20.0)
    return (signal + gain.masked_fill(silent, 0.0).unsqueeze(-1) * added).to(waveform.dtype)


class AddNoise(nn.Module):
    """Module twin of `add_noise`; it keeps nothing.

    >>> AddNoise()(torch.tensor([1.0, -1.0]), torch.tensor([3.0, 3.0]), torch.tensor(20.0))
    tensor([ 1.1000, -0.9000])
    """

    def forward(self, waveform: Tensor, noise: Tensor, snr: Tensor, lengths: Tensor | None = None) -> Tensor:
        return add_noise(waveform, noise, snr, lengths)
