"""Speech to text by an encoder whose frames are labelled: CTC models."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import Audio, audio_name, mono_blocks
from sonovox.inference.pauses import cut_at_pauses
from sonovox.inference.recogniser import TranscribedPart
from sonovox.inference.transcript import Segment, Transcript
from sonovox.io import info

__all__ = ["EncoderASR"]

# Fewer samples are filled up with silence: layers that look around themselves need some frames to do so.
FEWEST_SECONDS = 0.1


class EncoderASR(Pretrained):
    """A recogniser with an `encoder` that gives the (log-)probabilities of the labels for each frame.

    The YAML file has `modules: {encoder: …}`, called with waveforms `(batch, time)` and
    relative lengths; a `tokenizer`, of labels (`CTCTextEncoder`) or SentencePiece; and a
    `decoding_function` from probabilities and lengths to lists of tokens, such as
    `!name:sonovox.decoding.ctc_greedy_decode`.

    Memory does not grow with the length of a recording: one of more than 40 s is cut
    in pauses into pieces of 20 to 40 s, which are recognised one after the other.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("tokenizer", "decoding_function")
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not callable(self.hparams.decoding_function):
            raise ArgumentError(
                f"decoding_function must be a function, got {self.hparams.decoding_function!r}",
                hint="such as !name:sonovox.decoding.ctc_greedy_decode",
            )
        if not (hasattr(self.tokenizer, "decode_ids") or hasattr(self.tokenizer, "decode_ndim")):
            raise ArgumentError(
                f"tokenizer must be a label encoder or a SentencePiece processor, got {self.tokenizer!r}"
            )

    def transcribe_file(self, path: str | os.PathLike[str]) -> str:
        """The text of a recording of any length, sample rate and number of channels.

        Args:
            path: of a file, or a source of `hub.fetch`.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        return self.transcribe(fetched_audio(path)).text

    def transcribe(self, audio: Audio, *, sample_rate: int | None = None, **options: Any) -> Transcript:
        """The transcript of one recording, with a segment for each piece of it.

        Args:
            audio: a path, a binary file-like object, or samples `(time,)` or `(channels, time)`, floating point.
            sample_rate: of samples, in Hz; a file knows its own.
            options: none; see `check`.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
        """
        parts = list(self.parts([audio], sample_rate=sample_rate, **options))
        segments = tuple(segment for part in parts for segment in part.segments)
        return Transcript(segments, duration=parts[-1].duration)

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
        """
        if isinstance(wavs, Tensor):
            return self._decoded(self.encode_batch(wavs, wav_lens), _full(wavs) if wav_lens is None else wav_lens)
        texts: list[str] = [""] * len(wavs)
        tokens: list[list[int]] = [[] for _ in wavs]
        for length in {len(wav) for wav in wavs}:
            same = [i for i, wav in enumerate(wavs) if len(wav) == length]
            found = self.transcribe_batch(torch.stack([wavs[i] for i in same]))
            for i, text, sequence in zip(same, *found, strict=True):
                texts[i], tokens[i] = text, sequence
        return texts, tokens

    def encode_batch(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """The (log-)probabilities of the labels, `(batch, frames, labels)`; arguments as of `transcribe_batch`."""
        with torch.no_grad():
            return self(wavs, wav_lens)

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """As `encode_batch`, with gradients."""
        wav_lens = _full(wavs) if wav_lens is None else wav_lens
        return self.mods["encoder"](wavs.to(self.device, torch.float32), wav_lens.to(self.device))

    def _parts_of(self, index: int, audio: Audio, sample_rate: int | None) -> Iterator[TranscribedPart]:
        rate, seconds, announced = self.sample_rate, 0.0, _announced_seconds(audio, sample_rate)
        for piece in cut_at_pauses(mono_blocks(audio, sample_rate, rate), rate):
            if seconds == 0.0:  # the first block could be read
                yield TranscribedPart(index, (), 0.0, announced, None)
            (text,), (tokens,) = self.transcribe_batch([_filled(piece, rate)])
            start, seconds = seconds, seconds + len(piece) / rate
            segments = (Segment(start, seconds, text, tuple(tokens)),) if text.strip() else ()
            yield TranscribedPart(index, segments, seconds, max(announced, seconds), None)
        if seconds == 0.0:
            raise UnsupportedAudioError(
                f"{audio_name(audio)} holds no samples", hint="check how it was recorded or cut"
            )
        yield TranscribedPart(index, (), seconds, seconds, None)

    def _decoded(self, probabilities: Tensor, lengths: Tensor) -> tuple[list[str], list[list[int]]]:
        tokens = self.hparams.decoding_function(probabilities, lengths.to(probabilities.device))
        return [self._text(sequence) for sequence in tokens], tokens

    def _text(self, tokens: list[int]) -> str:
        if hasattr(self.tokenizer, "decode_ids"):  # SentencePiece
            return self.tokenizer.decode_ids(tokens)
        return "".join(map(str, self.tokenizer.decode_ndim(tokens)))


def _full(wavs: Tensor) -> Tensor:
    return torch.ones(len(wavs), device=wavs.device)


def _filled(samples: Tensor, sample_rate: int) -> Tensor:
    missing = round(FEWEST_SECONDS * sample_rate) - len(samples)
    return torch.nn.functional.pad(samples, (0, missing)) if missing > 0 else samples


def _announced_seconds(audio: Audio, sample_rate: int | None) -> float:
    """How long a recording says it is; 0 where that cannot be known before it is read."""
    if isinstance(audio, Tensor):
        return audio.shape[-1] / sample_rate if sample_rate else 0.0
    if isinstance(audio, str | os.PathLike) and Path(audio).is_file():
        return info(audio).duration
    return 0.0
