"""Long recordings with Whisper: one 30 s window after the other, cut where the model says a segment ends.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision",
2022, section 4.5. Several recordings go through together: each round takes the
next window of every recording that is not at its end.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from sonovox.decoding.whisper import DecodingOptions, DecodingResult, Vocabulary, choose_languages, decode
from sonovox.decoding.whisper_search import Decoder

__all__ = ["DecodedSegment", "EncoderDecoder", "Recording", "decode_recordings"]

FRAMES_PER_SECOND = 100
SECONDS_PER_TIMESTAMP = 0.02
# Above this temperature what was said is too wild to read on from.
COOL = 0.5


class EncoderDecoder(Decoder, Protocol):
    """A decoder with its encoder."""

    def encode(self, mel: Tensor) -> Tensor:
        """`[items, n_mels, 3000]` to `[items, positions, d_model]`."""
        ...


@dataclass(frozen=True)
class DecodedSegment:
    """A stretch of a recording with what was said in it; times in seconds from its start."""

    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    window: DecodingResult


@dataclass
class Recording:
    """A recording on its way through the model.

    Args:
        mel: `[n_mels, frames]`, as `log_mel_spectrogram` scales it.
        n_frames: frames that hold sound; those behind are the end of the last analysis windows.
    """

    mel: Tensor
    n_frames: int
    language: str | None = None
    position: int = 0
    said: list[int] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether every frame was decoded."""
        return self.position >= self.n_frames

    def window(self, n_frames: int) -> Tensor:
        """The next `n_frames` of mel, silence where the recording has ended."""
        part = self.mel[:, self.position : self.position + n_frames]
        if part.shape[1] == n_frames:
            return part
        # Silence after scaling: 1e-10 in power, or 8 decades below the loudest (see `log_mel_spectrogram`).
        silence = max(-1.5, float(self.mel.max()) - 2.0)
        return torch.nn.functional.pad(part, (0, n_frames - part.shape[1]), value=silence)


def decode_recordings(
    model: EncoderDecoder,
    vocabulary: Vocabulary,
    recordings: Sequence[Recording],
    options: DecodingOptions,
    *,
    window_frames: int = 3000,
) -> Iterator[tuple[int, list[DecodedSegment]]]:
    """Decode all of `recordings`; yields the index of a recording and its new segments, window by window.

    The recordings are changed as they move on: `position` says how far each one is.
    """
    for recording in recordings:
        recording.said = vocabulary.encode(" " + options.initial_prompt.strip()) if options.initial_prompt else []
    initial = [list(recording.said) for recording in recordings]
    first = True
    while waiting := [i for i, recording in enumerate(recordings) if not recording.is_done]:
        audio = model.encode(torch.stack([recordings[i].window(window_frames) for i in waiting]))
        _detect(model, audio, vocabulary, options, [recordings[i] for i in waiting])
        results = decode(
            model,
            audio,
            vocabulary,
            options if first else dataclasses.replace(options, prefix=""),
            languages=[recordings[i].language or "en" for i in waiting],
            previous=[recordings[i].said for i in waiting],
        )
        first = False
        for i, result in zip(waiting, results, strict=True):
            recording = recordings[i]
            size = min(window_frames, recording.n_frames - recording.position)
            segments, advance = _cut(result, recording.position, size, vocabulary, options)
            recording.position += advance
            if options.condition_on_previous_text and result.temperature <= COOL:
                recording.said += [token for segment in segments for token in segment.tokens]
            else:
                recording.said = list(initial[i])
            yield i, segments


def _detect(
    model: Decoder, audio: Tensor, vocabulary: Vocabulary, options: DecodingOptions, recordings: Sequence[Recording]
) -> None:
    new = [i for i, recording in enumerate(recordings) if recording.language is None]
    if not new:
        return
    for i, language in zip(new, choose_languages(model, audio[new], vocabulary, options), strict=True):
        recordings[i].language = language


def _cut(
    result: DecodingResult, position: int, size: int, vocabulary: Vocabulary, options: DecodingOptions
) -> tuple[list[DecodedSegment], int]:
    """Segments of a window of `size` frames at frame `position`, and the frames by which to move on."""
    if result.is_silence(options):
        return [], size
    offset, length = position / FRAMES_PER_SECOND, size / FRAMES_PER_SECOND
    first = vocabulary.first_timestamp
    tokens = list(result.tokens)
    times = [token >= first for token in tokens]

    def segment(part: Sequence[int], start: float, end: float) -> list[DecodedSegment]:
        text = vocabulary.decode([token for token in part if token < first]).strip()
        end = min(max(end, start), length)
        return [DecodedSegment(offset + min(start, end), offset + end, text, tuple(part), result)] if text else []

    def seconds(token: int) -> float:
        return (token - first) * SECONDS_PER_TIMESTAMP

    # A segment stands between two times; where two times touch, one segment ends and the next begins.
    cuts = [i for i in range(1, len(tokens)) if times[i] and times[i - 1]]
    ends_with_one_time = times[-2:] == [False, True]
    if not cuts:
        start = seconds(tokens[0]) if times and times[0] else 0.0
        return segment(tokens, start, seconds(tokens[-1]) if ends_with_one_time else length), size
    if ends_with_one_time:
        cuts.append(len(tokens))
    segments = []
    begin = 0
    for cut in cuts:
        part = tokens[begin:cut]
        segments += segment(part, seconds(part[0]), seconds(part[-1]))
        begin = cut
    if ends_with_one_time:
        return segments, size  # one closing time at the end: nothing more is said in this window
    # The last segment is cut off by the window's end: the next window begins where it begins.
    # The grammar of times gives a segment a length, so this moves on.
    return segments, min(2 * (tokens[cuts[-1] - 1] - first), size)
