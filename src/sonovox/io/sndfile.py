"""Files that libsndfile reads: flac, ogg, opus, mp3, aiff, caf, au, w64, nist and wav that is not plain."""

import os
import re
from collections.abc import Iterator

import numpy as np
import soundfile

from sonovox._internal.errors import AudioError, CorruptAudioError, UnsupportedAudioError
from sonovox.io.metadata import AudioMetaData, encoding_of_subtype
from sonovox.io.mp3 import CountedMp3, count_mp3
from sonovox.io.ogg import missing_from_ogg, start_of_last_page
from sonovox.io.source import Source

__all__ = ["SndfileReader"]

_FORMATS = {"WAVEX": "wav", "RF64": "wav"}
_UNKNOWN_LENGTH = 2**63 - 1  # what libsndfile says of a flac that was written to a pipe
_NOT_RECOGNISED, _MALFORMED = 1, 3  # SF_ERR_* of sndfile.h
_BLOCK_SAMPLES = 1 << 18
# Layer III frames lean on up to 511 bytes of earlier ones; at the lowest rates this is some 30 frames.
_MP3_PREROLL = 32 * 1152
_VORBIS_PREROLL = 4096  # a place so far before the last page is found exactly, see `sonovox.io.ogg`
# libsndfile cuts what a header promises down to what is there, and says so only in its log.
_CUT = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAMED = 0x7FFFF000  # sizes from here on are what writers to a pipe leave behind
_NATIVE = {"PCM_U8": "uint8", "PCM_16": "int16", "PCM_24": "int32", "PCM_32": "int32", "DOUBLE": "float64"}


class _Sequential(soundfile.SoundFile):
    """A file that stays where a read ended.

    soundfile seeks, after every read, to where it is already. That decodes a
    piece twice, and fails at the end of a flac of unknown length.
    """

    def seekable(self) -> bool:
        return False


class SndfileReader:
    """Samples through libsndfile; see `sonovox.io.reader.Reader`.

    Raises:
        UnsupportedAudioError: libsndfile does not know the format.
        CorruptAudioError: it knows the format, but the header is damaged.
    """

    def __init__(self, source: Source) -> None:
        self.name, self.size = source.name, source.size
        self._source = source
        is_counted, self._counted = count_mp3(source) if _may_be_mp3(source) else (False, None)
        self._file = file = _open(source, self._counted)
        container = _FORMATS.get(file.format, file.format.lower())
        self.dtype = np.dtype(_NATIVE.get(file.subtype, "float32") if container == "wav" else "float32")
        is_guess = container == "mp3" and not is_counted
        self.promise: int | None = None if is_guess or file.frames == _UNKNOWN_LENGTH else file.frames
        num_frames = 0 if file.frames == _UNKNOWN_LENGTH else file.frames
        encoding, bits = encoding_of_subtype(container, file.subtype)
        self.metadata = AudioMetaData(file.samplerate, num_frames, file.channels, bits, encoding, container)
        # Whether `read_into` gives what `blocks` does: one channel, and places that are found without a preroll.
        self.is_raw = file.channels == 1 and self.dtype == np.float32 and container not in ("mp3", "ogg")
        self._failure, self._reached = "", 0

    def __enter__(self) -> "SndfileReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._source.close()

    def blocks(self, start: int, stop: int | None, *, native: bool = False) -> Iterator[np.ndarray]:
        """Samples `start` to `stop`; see `Reader.blocks`."""
        channels, unsigned = self.metadata.num_channels, native and self.dtype == np.uint8
        dtype = np.int16 if unsigned else self.dtype if native else np.float32  # libsndfile gives no uint8
        scratch = np.empty((max(1, _BLOCK_SAMPLES // channels), channels), dtype)
        begin = self._seek(start)
        position = start if begin is None else begin
        while begin is not None and (stop is None or position < stop):
            want = len(scratch) if stop is None else min(len(scratch), stop - position)
            got = self._read(scratch[:want])
            fresh = scratch[max(0, start - position) : got]
            self._reached = position = position + got
            if len(fresh):
                yield ((fresh >> 8) + 128).astype(np.uint8) if unsigned else fresh
            if got < want:
                return

    def read_into(self, out: np.ndarray, start: int) -> int:
        """Fill `out` `(frames,)` with samples from `start` on; how many there were."""
        if self._seek(start) is None:
            return 0
        try:
            filled = len(self._file.read(out=out[:, None]))
            self._reached = start + filled
            return filled
        except soundfile.LibsndfileError:
            # Once more from the start, carefully, for as much as can be had.
            self._file.close()
            self._file = _open(self._source, self._counted)
            self._seek(start)
        filled = 0
        while filled < len(out):
            piece = out[filled : filled + _BLOCK_SAMPLES]
            got = self._read(piece[:, None])
            filled += got
            if got < len(piece):
                break
        self._reached = start + filled
        return filled

    def missing(self) -> str:
        """What libsndfile reported on the way, or passed over in silence."""
        if self._failure:
            return f"the decoder stopped ({self._failure})"
        if self._counted is not None and self._reached < self._counted.least:
            return f"its frames hold {self._counted.least} samples or more, {self._reached} could be decoded"
        if self.metadata.format == "ogg":
            return missing_from_ogg(self._source)
        for promised, there in _CUT.findall(self._file.extra_info):
            if int(there) < int(promised) < _STREAMED:
                return f"{promised} bytes of samples are promised, {there} are there"
        return ""

    def _seek(self, start: int) -> int | None:
        """Go to `start`, or to where decoding must begin to be right there; None where that is beyond the end."""
        begin = start
        if self.metadata.format == "mp3":
            begin = max(0, start - _MP3_PREROLL)
        elif self.metadata.encoding == "VORBIS" and start > 0:
            position = self._source.stream.tell()
            begin = min(start, max(0, start_of_last_page(self._source) - _VORBIS_PREROLL))
            self._source.stream.seek(position)  # which libsndfile shares, where there is no path
        if begin == 0:
            return 0
        try:
            self._file.seek(begin)
        except soundfile.LibsndfileError as error:
            self._failure = _reason(error)
            return None
        return begin

    def _read(self, out: np.ndarray) -> int:
        if out.dtype.kind != "f":
            return len(self._file.read(out=out))
        # Of a read that fails libsndfile keeps what came before, but soundfile loses the count.
        out.fill(np.nan)
        try:
            return len(self._file.read(out=out))
        except soundfile.LibsndfileError as error:
            self._failure = _reason(error)
            empty = np.isnan(out[:, 0])
            return int(empty.argmax()) if empty.any() else len(out)


def _open(source: Source, counted: CountedMp3 | None) -> _Sequential:
    # File names are bytes on POSIX; as str, soundfile would refuse those that are not text.
    target: object = source.stream if source.path is None else source.path
    if source.path is not None and os.name == "posix":
        target = os.fsencode(source.path)
    source.stream.seek(0)
    try:
        return _Sequential(target if counted is None else counted)
    except soundfile.LibsndfileError as error:
        if error.code == _NOT_RECOGNISED:
            raise UnsupportedAudioError(
                f"{source.name} is no sound file that sonovox knows: {_describe(source)}",
                hint="expected wav, flac, ogg, opus, mp3, aiff, m4a, mp4, webm or the like",
            ) from error
        reason = "its header is damaged or incomplete" if error.code == _MALFORMED else _reason(error)
        raise CorruptAudioError(f"{source.name} cannot be read: {reason}", hint="copy or record it again") from error
    except (TypeError, ValueError, RuntimeError) as error:  # soundfile itself, about raw files and odd names
        raise AudioError(
            f"{source.name} cannot be read: {error}", hint="give it a header, for example as wav"
        ) from error


def _may_be_mp3(source: Source) -> bool:
    head = source.read_at(0, 4)
    return head not in (b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM", b"caff", b".snd", b"riff", b"NIST")


def _reason(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")


def _describe(source: Source) -> str:
    """What the first bytes look like, for a message."""
    head = source.read_at(0, 40)
    try:
        text = head.decode("ascii")
    except UnicodeDecodeError:
        return f"its first bytes are {head[:8].hex(' ')}"
    return f"it begins with the text {text[:24]!r}" if text.strip("\0") else "it begins with zero bytes"
