"""What a file of sound says about itself, without reading its samples."""

import dataclasses

from sonovox.io.metadata import AudioMetaData
from sonovox.io.reader import open_reader
from sonovox.io.source import AudioFile

__all__ = ["info"]


def info(filepath: AudioFile, format: str | None = None) -> AudioMetaData:
    """Sample rate, length, channels and encoding of a file.

    The length is what the header promises; `load` finds out whether it is there. Where a header
    does not tell (a flac from a pipe) the samples are counted by decoding; in files that PyAV
    reads it is an estimate, exact to some hundredths of a second.

    Args:
        filepath: a path or a binary file-like object, as for `load`.
        format: what the file must be, such as `"wav"`; None to accept anything.

    Raises:
        AudioError: as `load`, for files that are missing, unknown or damaged at the start.

    >>> import io, torch, sonovox
    >>> file = io.BytesIO()
    >>> sonovox.save(file, torch.zeros(2, 4000, dtype=torch.int16), 16000, format="flac")
    >>> sonovox.info(file)
    AudioMetaData(sample_rate=16000, num_frames=4000, num_channels=2,
                  bits_per_sample=16, encoding='FLAC', format='flac')
    """
    with open_reader(filepath, format) as reader:
        metadata = reader.metadata
        if metadata.num_frames > 0 or reader.promise is not None:
            return metadata
        return dataclasses.replace(metadata, num_frames=sum(len(block) for block in reader.blocks(0, None)))
