"""Waveforms on their way into a model: batches with lengths, lists of items, recordings too long for one go."""

import os
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.inference.interface import fetched_audio
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.pauses import cut_at_pauses

__all__ = ["FEWEST_SECONDS", "places_by_length", "recording_pieces", "wave_batch"]

# Fewer samples are filled up with silence: layers that look around themselves need some frames to do so.
FEWEST_SECONDS = 0.1
# Up to here a recording is heard as a whole; longer ones in pieces, so that memory does not grow.
SHORTEST_PIECE, LONGEST_PIECE = 20.0, 60.0


def wave_batch(wavs: Tensor, wav_lens: Tensor | None, device: torch.device) -> tuple[Tensor, Tensor]:
    """A batch `(batch, time)`, float32, and its lengths `(batch,)`, both on `device`.

    Args:
        wavs: `(batch, time)`, or `(time,)` for a batch of one.
        wav_lens: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None.
        device: where to.

    Raises:
        ArgumentError: of another shape, or lengths that are none.
        NonFiniteAudioError: NaN or infinity among the samples.

    >>> wave_batch(torch.zeros(4), None, torch.device("cpu"))
    (tensor([[0., 0., 0., 0.]]), tensor([1.]))
    """
    wavs = wavs.unsqueeze(0) if wavs.dim() == 1 else wavs
    if wavs.dim() != 2 or 0 in wavs.shape:
        raise ArgumentError(
            f"wavs must be (batch, time) with at least one sample, got {tuple(wavs.shape)}",
            hint="average the channels of a recording, and give it as (1, time)",
        )
    wavs = wavs.to(device, torch.float32)
    if not bool(torch.isfinite(wavs).all()):
        raise NonFiniteAudioError("wavs contain NaN or infinity", hint="see torch.isfinite")
    if wav_lens is None:
        return wavs, torch.ones(len(wavs), device=device)
    if wav_lens.shape != wavs.shape[:1] or not bool(((wav_lens > 0) & (wav_lens <= 1)).all()):
        raise ArgumentError(
            f"wav_lens must be {len(wavs)} shares of the longest item, in (0, 1], got {wav_lens.tolist()}",
            hint="divide the numbers of samples by the largest one",
        )
    return wavs, wav_lens.to(device, torch.float32)


def places_by_length(wavs: Sequence[Tensor]) -> list[list[int]]:
    """The places of the items that are equally long, and so can share a batch without padding.

    >>> places_by_length([torch.zeros(3), torch.zeros(2), torch.zeros(3)])
    [[0, 2], [1]]
    """
    places: dict[int, list[int]] = {}
    for place, wav in enumerate(wavs):
        places.setdefault(wav.shape[-1], []).append(place)
    return list(places.values())


def recording_pieces(path: str | os.PathLike[str], sample_rate: int) -> Iterator[Tensor]:
    """A recording in pieces `(time,)` of at most 60 s, one channel at `sample_rate`, none shorter than 0.1 s.

    Args:
        path: of a file, or a source of `hub.fetch`.
        sample_rate: of the pieces, in Hz.

    Raises:
        AudioError: the file cannot be read, or holds no samples, NaN or infinity.
        HubError: it cannot be had.
    """
    blocks = mono_blocks(fetched_audio(path), None, sample_rate)
    fewest, found = round(FEWEST_SECONDS * sample_rate), False
    for piece in cut_at_pauses(blocks, sample_rate, shortest=SHORTEST_PIECE, longest=LONGEST_PIECE):
        found = True
        yield torch.nn.functional.pad(piece, (0, max(0, fewest - len(piece))))
    if not found:
        raise UnsupportedAudioError(f"{os.fspath(path)} holds no samples", hint="check how it was recorded or cut")
