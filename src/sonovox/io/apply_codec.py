"""What a codec does to a signal: encoded and decoded again, in memory."""

import io

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_floating, check_time_axis
from sonovox.io.load import load
from sonovox.io.save import save

__all__ = ["apply_codec"]


def apply_codec(
    waveform: Tensor,
    sample_rate: int,
    format: str,
    channels_first: bool = True,
    compression: float | None = None,
    encoding: str | None = None,
    bits_per_sample: int | None = None,
) -> Tensor:
    """`waveform` as it comes out of a file, with the traces of its encoding; without derivative.

    Args:
        waveform: `(..., channels, time)` or `(time,)`, floating point with full scale 1;
            `(..., time, channels)` if not `channels_first`.
        sample_rate: in Hz.
        format: of the file, such as `"mp3"`, `"ogg"`, `"opus"`, `"flac"` or `"wav"`; see `save`.
        channels_first: see `waveform`.
        compression: see `save`, as are `encoding` and `bits_per_sample`.

    Returns:
        The same shape and dtype. What the codec adds at the end is cut off, what it lacks is zero.

    Raises:
        UnsupportedAudioError: a format or encoding that `save` does not write, or not at this rate.
        ArgumentError: integers, or a degree of compression that the format does not have.

    >>> apply_codec(torch.tensor([[0.0, 0.3, -0.3, 0.9]]), 8000, "wav", encoding="ULAW")
    tensor([[ 0.0000,  0.3007, -0.3007,  0.8866]])
    """
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    settings = (sample_rate, format, channels_first, compression, encoding, bits_per_sample)
    if waveform.dim() > 2:
        items = [apply_codec(item, *settings) for item in waveform]
        return torch.stack(items) if items else waveform.detach().clone()
    file = io.BytesIO()
    save(file, waveform, sample_rate, channels_first, compression, format, encoding, bits_per_sample)
    # Opus is always decoded at 48 kHz.
    decoded, _ = load(file, sample_rate=sample_rate)  # (channels, time)
    time = waveform.shape[-1] if channels_first or waveform.dim() == 1 else waveform.shape[0]
    decoded = F.pad(decoded, (0, time - decoded.shape[1]))  # a negative amount cuts
    if waveform.dim() == 1:
        decoded = decoded[0]
    elif not channels_first:
        decoded = decoded.T.contiguous()
    return decoded.to(waveform)
