"""What recognisers of model folders have in common: batches, files of any length piece by piece, text, times."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox._internal.heap import trim_heap
from sonovox.dsp.alignment import forced_align, merge_tokens
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import Audio, announced_seconds, audio_name, mono_blocks
from sonovox.inference.pauses import cut_at_pauses
from sonovox.inference.recogniser import TranscribedPart, transcript_of
from sonovox.inference.spoken_stretches import SpokenStretches
from sonovox.inference.transcript import Segment, Transcript
from sonovox.inference.wave_batches import FEWEST_SECONDS, places_by_length, wave_batch
from sonovox.inference.word_times import segments_of_tokens

__all__ = ["PiecewiseASR"]


class PiecewiseASR(Pretrained):
    """A recogniser that hears a recording of any length piece by piece; subclasses say how tokens are found.

    Attributes:
        PIECES: how recordings are cut, the arguments of `cut_at_pauses`.
    """

    PIECES: ClassVar[dict[str, float]] = {"shortest": 20.0, "longest": 40.0}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not (hasattr(self.tokenizer, "decode_ids") or hasattr(self.tokenizer, "decode_ndim")):
            raise ArgumentError(
                f"tokenizer must be a label encoder or a SentencePiece processor, got {self.tokenizer!r}"
            )

    @property
    def has_times(self) -> bool:
        """Whether words and segments have times, and segments are not just pieces of the recording."""
        return False

    def encode(self, wavs: Tensor, wav_lens: Tensor) -> Tensor:
        """What the encoder gives, `(batch, frames, features)`, of a batch that was checked."""
        raise NotImplementedError

    def search(self, encoded: Tensor, wav_lens: Tensor) -> list[list[int]]:
        """The tokens of each item of what `encode` gave."""
        raise NotImplementedError

    def ctc_of(self, encoded: Tensor) -> tuple[Tensor, int] | None:
        """Scores of the labels in each frame, and the blank, by which tokens have times; None where there are none."""
        return None

    def transcribe_file(self, path: str | os.PathLike[str], **kwargs: Any) -> str:
        """The text of a recording of any length, sample rate and number of channels.

        Args:
            path: of a file, or a source of `hub.fetch`.
            kwargs: `savedir` of SpeechBrain is taken and not needed.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        kwargs.pop("savedir", None)
        return self.transcribe(fetched_audio(path), **kwargs).text

    def transcribe(self, audio: Audio, *, sample_rate: int | None = None, **options: Any) -> Transcript:
        """The transcript of one recording.

        Where the model has scores of CTC, segments lie between pauses and words have times; elsewhere a segment is
        a piece of the recording.

        Args:
            audio: a path, a binary file-like object, or samples `(time,)` or `(channels, time)`, floating point.
            sample_rate: of samples, in Hz; a file knows its own.
            options: none; see `check`.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
        """
        return transcript_of(self.parts([audio], sample_rate=sample_rate, **options))

    def parts(
        self, audios: Sequence[Audio], *, sample_rate: int | None = None, **options: Any
    ) -> Iterator[TranscribedPart]:
        """Segments as they are found, piece by piece, each recording by itself; see `Recogniser`."""
        self.check(options)
        for i, audio in enumerate(audios):
            yield from self._parts_of(i, audio, sample_rate)

    def check(self, options: dict[str, Any]) -> None:
        """Refuse all options: this model has none.

        Raises:
            ArgumentError: naming them.
        """
        if options:
            given = ", ".join(f"{name}={value!r}" for name, value in options.items())
            raise ArgumentError(f"this model has no options for decoding, got {given}", hint="leave them out")

    def transcribe_batch(
        self, wavs: Tensor | Sequence[Tensor], wav_lens: Tensor | None = None
    ) -> tuple[list[str], list[list[int]]]:
        """The text of each recording, and its tokens.

        Args:
            wavs: `(batch, time)` at the rate of the model, padded with zeros; it goes through the encoder as it
                is, and models that hear the padding (most do) give the shorter ones other numbers than alone.
                Or a list of `(time,)`, where each comes out as if it were alone.
            wav_lens: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None.

        Raises:
            ArgumentError: shapes or lengths that cannot be.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        if isinstance(wavs, Tensor):
            wavs, wav_lens = wave_batch(wavs, wav_lens, self.device)
            with torch.no_grad():
                tokens = self.search(self.encode(wavs, wav_lens), wav_lens)
            return [self._text(sequence) for sequence in tokens], tokens
        texts: list[str] = [""] * len(wavs)
        found: list[list[int]] = [[] for _ in wavs]
        for places in places_by_length(wavs):
            said = self.transcribe_batch(torch.stack([wavs[i] for i in places]))
            for i, text, sequence in zip(places, *said, strict=True):
                texts[i], found[i] = text, sequence
        return texts, found

    def encode_batch(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """What the encoder gives, `(batch, frames, features)`; arguments and errors as of `transcribe_batch`."""
        with torch.no_grad():
            return self.encode(*wave_batch(wavs, wav_lens, self.device))

    def _parts_of(self, index: int, audio: Audio, sample_rate: int | None) -> Iterator[TranscribedPart]:
        rate, seconds, announced = self.sample_rate, 0.0, announced_seconds(audio, sample_rate)
        for piece in cut_at_pauses(mono_blocks(audio, sample_rate, rate), rate, **self.PIECES):
            if seconds == 0.0:  # the first block could be read
                yield TranscribedPart(index, (), 0.0, announced, None)
            start, seconds = seconds, seconds + len(piece) / rate
            yield TranscribedPart(index, self._heard(piece, start, seconds), seconds, max(announced, seconds), None)
            trim_heap()  # every piece has another length
        if seconds == 0.0:
            raise UnsupportedAudioError(
                f"{audio_name(audio)} holds no samples", hint="check how it was recorded or cut"
            )
        yield TranscribedPart(index, (), seconds, seconds, None)

    def _heard(self, piece: Tensor, start: float, end: float) -> tuple[Segment, ...]:
        """The segments of a piece `(time,)` that lies from `start` to `end`, in seconds."""
        missing = round(FEWEST_SECONDS * self.sample_rate) - len(piece)
        filled = torch.nn.functional.pad(piece, (0, max(0, missing)))
        wavs, wav_lens = wave_batch(filled, None, self.device)
        with torch.no_grad():
            encoded = self.encode(wavs, wav_lens)
            (tokens,) = self.search(encoded, wav_lens)
            spans = self._frames_of(encoded, tokens)
        text = self._text(tokens)
        if not text.strip():
            return ()
        if spans is None:
            return (Segment(start, end, text, tuple(tokens)),)
        seconds = len(filled) / self.sample_rate / encoded.shape[1]  # of a frame
        times = [(min(start + seconds * first, end), min(start + seconds * beyond, end)) for first, beyond in spans]
        spoken = SpokenStretches(piece, self.sample_rate, start)
        return segments_of_tokens(text, tokens, self._reached(tokens), times, spoken=spoken)

    def _frames_of(self, encoded: Tensor, tokens: list[int]) -> list[tuple[int, int]] | None:
        """The first frame of each token of one item, and the one behind its last."""
        ctc = self.ctc_of(encoded) if tokens else None
        if ctc is None:
            return None
        scores, blank = ctc
        try:
            path, at_path = forced_align(scores[0], torch.tensor(tokens, device=scores.device), blank=blank)
        except ArgumentError:  # a decoder may say what these frames cannot
            return None
        return [(span.start, span.end) for span in merge_tokens(path, at_path, blank)]

    def _text(self, tokens: list[int]) -> str:
        if hasattr(self.tokenizer, "decode_ids"):  # SentencePiece
            return self.tokenizer.decode_ids(tokens)
        return "".join(map(str, self.tokenizer.decode_ndim(tokens)))

    def _reached(self, tokens: list[int]) -> list[int]:
        """How long the text is with each token."""
        reached, longest = [], 0
        for count in range(1, len(tokens) + 1):
            # A part of a character is another text than the whole, and may be a longer one.
            longest = max(longest, len(self._text(tokens[:count])))
            reached.append(longest)
        return reached
