"""Read a file of sound block by block, in bounded memory."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.io.reader import Reader, check_complete, check_on_short, check_range, open_reader
from sonovox.io.resampled_blocks import SampleQueue, resampled_blocks
from sonovox.io.samples import check_finite, to_float
from sonovox.io.source import AudioFile

__all__ = ["stream"]


def stream(
    filepath: AudioFile,
    block_seconds: float = 30.0,
    *,
    overlap_seconds: float = 0.0,
    sample_rate: int | None = None,
    mono: bool = False,
    frame_offset: int = 0,
    num_frames: int = -1,
    format: str | None = None,
    check: bool = False,
    on_short: str = "raise",
) -> Iterator[Tensor]:
    """The samples of a file as a series of blocks, for files larger than memory.

    Without overlap the blocks, joined, are what `load` gives with the same arguments; resampled
    ones differ by less than 1e-6, for every piece is resampled with as much of its neighbours as
    the filter reaches.

    Args:
        filepath: a path or a binary file-like object, as for `load`.
        block_seconds: length of a block; the last one is as long as what is left.
        overlap_seconds: how much of a block is repeated at the start of the next.
        sample_rate: in Hz, to resample to; None for the file's own.
        mono: average the channels into one.
        frame_offset: samples per channel to leave out at the start, at the file's own rate.
        num_frames: samples per channel to read, at the file's own rate; -1 for all.
        format: what the file must be, such as `"wav"`; None to accept anything.
        check: refuse NaN and infinite samples.
        on_short: `"raise"` or `"warn"` where the file ends before its header says; after the
            blocks that are there were given.

    Yields:
        `(channels, time)`, float32 with full scale 1.

    Raises:
        ArgumentError: a block of no samples, or an overlap that is not shorter than the block.
        AudioError: as `load`; those that concern the file come with the first block.

    >>> import io, sonovox
    >>> file = io.BytesIO()
    >>> sonovox.save(file, torch.zeros(1, 20000), 8000, format="wav")
    >>> [tuple(block.shape) for block in stream(file, 1.0, overlap_seconds=0.25)]
    [(1, 8000), (1, 8000), (1, 8000)]
    """
    check_on_short(on_short)
    check_positive("block_seconds", block_seconds)
    if sample_rate is not None:
        check_positive("sample_rate", sample_rate, unit="in Hz")
    if not 0 <= overlap_seconds < block_seconds:
        raise ArgumentError(
            f"overlap_seconds must be at least 0 and below block_seconds={block_seconds}, got {overlap_seconds}"
        )

    def blocks() -> Iterator[Tensor]:
        with open_reader(filepath, format) as reader:
            stop = check_range(reader, frame_offset, num_frames)
            pieces: Iterable[np.ndarray] = _pieces(reader, frame_offset, stop, mono, check, on_short)
            rate = reader.metadata.sample_rate
            if sample_rate is not None and sample_rate != rate:
                pieces, rate = resampled_blocks(pieces, rate, sample_rate), sample_rate
            size, overlap = round(block_seconds * rate), round(overlap_seconds * rate)
            if size <= overlap:
                raise ArgumentError(
                    f"a block of {block_seconds} s has {size} samples at {rate} Hz, {overlap} of them overlap",
                    hint="make block_seconds longer",
                )
            yield from _regrouped(pieces, size, overlap)

    return blocks()


def _pieces(
    reader: Reader, start: int, stop: int | None, mono: bool, check: bool, on_short: str
) -> Iterator[np.ndarray]:
    """Whatever sizes the reader gives, as float32 `(channels, frames)`."""
    rows = 1 if mono else reader.metadata.num_channels
    position = start
    for block in reader.blocks(start, stop):
        piece = np.empty((rows, len(block)), np.float32)
        to_float(block, piece)
        if check:
            check_finite(reader.name, piece, position, reader.metadata.sample_rate)
        position += len(block)
        yield piece
    check_complete(reader, start, stop, position - start, on_short)


def _regrouped(pieces: Iterable[np.ndarray], size: int, overlap: int) -> Iterator[Tensor]:
    """Blocks of `size` samples that share `overlap` with the one before; the last may be shorter."""
    queue, used = SampleQueue(), 0  # used: samples at the front that the last block had already
    for piece in pieces:
        queue.push(piece)
        while queue.length >= size:
            yield torch.from_numpy(queue.first(size))
            queue.drop(size - overlap)
            used = overlap
    if queue.length > used:
        yield torch.from_numpy(queue.first(queue.length))
