"""What a file of sound says about itself."""

from dataclasses import dataclass

__all__ = ["AudioMetaData", "encoding_of_subtype"]

# libsndfile's subtype -> (torchaudio's name of the encoding, bits of a sample; 0 where a sample has no fixed size).
_ENCODINGS = {
    "PCM_S8": ("PCM_S", 8),
    "PCM_U8": ("PCM_U", 8),
    "PCM_16": ("PCM_S", 16),
    "PCM_24": ("PCM_S", 24),
    "PCM_32": ("PCM_S", 32),
    "FLOAT": ("PCM_F", 32),
    "DOUBLE": ("PCM_F", 64),
    "ULAW": ("ULAW", 8),
    "ALAW": ("ALAW", 8),
    "VORBIS": ("VORBIS", 0),
    "OPUS": ("OPUS", 0),
    "MPEG_LAYER_I": ("MP1", 0),
    "MPEG_LAYER_II": ("MP2", 0),
    "MPEG_LAYER_III": ("MP3", 0),
    "GSM610": ("GSM", 0),
}


@dataclass(frozen=True)
class AudioMetaData:
    """What a file of sound says about itself.

    Attributes:
        sample_rate: in Hz.
        num_frames: samples of one channel, as the header promises them.
        num_channels: how many channels.
        bits_per_sample: 0 where the encoding has no fixed size of a sample (MP3, VORBIS, OPUS, ...).
        encoding: torchaudio's name: PCM_S, PCM_U, PCM_F, ULAW, ALAW, FLAC, VORBIS, OPUS, MP3, ...;
            others have the name that libsndfile or FFmpeg gives them.
        format: of the file, in lower case: wav, flac, ogg, mp3, aiff, mp4, ...

    >>> AudioMetaData(16000, 40000, 1, 16, "PCM_S", "wav").duration
    2.5
    """

    sample_rate: int
    num_frames: int
    num_channels: int
    bits_per_sample: int
    encoding: str
    format: str

    @property
    def duration(self) -> float:
        """In seconds."""
        return self.num_frames / self.sample_rate


def encoding_of_subtype(container: str, subtype: str) -> tuple[str, int]:
    """The encoding and the bits per sample of a libsndfile `subtype` in a `container`.

    >>> encoding_of_subtype("wav", "PCM_24"), encoding_of_subtype("flac", "PCM_16")
    (('PCM_S', 24), ('FLAC', 16))
    """
    encoding, bits = _ENCODINGS.get(subtype, (subtype, 0))
    return ("FLAC" if container == "flac" else encoding), bits
