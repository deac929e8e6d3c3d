"""Speech to text: from files or samples to a `Transcript`."""

import dataclasses
import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import UnsupportedAudioError
from sonovox.decoding.whisper import DecodingOptions, detect_language
from sonovox.decoding.whisper_longform import DecodedSegment, Recording, decode_recordings
from sonovox.dsp.log_mel import log_mel_of_stream
from sonovox.inference.device import choose_device
from sonovox.inference.mono_audio import Audio, audio_name, mono_blocks
from sonovox.inference.recogniser import TranscribedPart
from sonovox.inference.transcript import Segment, Transcript
from sonovox.models.whisper.languages import language_code
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.packing import pack
from sonovox.models.whisper.pretrained import load_whisper
from sonovox.models.whisper.tokenizer import WhisperTokenizer

if TYPE_CHECKING:
    from sonovox.hub import Progress
    from sonovox.inference.whisper_folders import WhisperFolder

__all__ = [
    "DEFAULT_MODEL",
    "PRECISIONS",
    "WhisperASR",
    "decoding_options",
    "transcribe",
]

SAMPLE_RATE = 16000
HOP_LENGTH = 160
# The one model that also a plain package index holds, so that the first command works anywhere.
DEFAULT_MODEL = "tiny.en"
PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class WhisperASR:
    """A Whisper model that is ready to listen.

    Args:
        model: in evaluation mode, on the device that shall do the work.
        tokenizer: the one that belongs to it.
        name: for the transcripts.
        defaults: fields of `DecodingOptions` that hold where a call gives none.
    """

    def __init__(
        self,
        model: Whisper,
        tokenizer: WhisperTokenizer,
        name: str = "",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        self.defaults = dict(defaults or {})

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        device: str | torch.device | None = None,
        precision: str | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> "WhisperASR":
        """A published model by name, or one from a folder, a checkpoint or a repository.

        Args:
            source: such as `"tiny.en"`, `"large-v3-turbo"`, `"openai/whisper-base"` or a folder.
            device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
            precision: `"fp32"`, `"fp16"` or `"bf16"`; by default fp16 on a GPU and fp32 elsewhere.
            offline: True uses the cache only.
            progress: see `hub.fetch`.

        Raises:
            ChoiceError: an unknown precision.
            ArgumentError: a device that is not there.
            HubError: the model cannot be had.
            WeightsError: the files are no Whisper model.
        """
        place = choose_device(device)
        if precision is None:
            precision = "fp16" if place.type == "cuda" else "fp32"
        check_choice("precision", precision, PRECISIONS)
        model, tokenizer = load_whisper(
            source if isinstance(source, str) else Path(source),
            device=place,
            dtype=PRECISIONS[precision],
            offline=offline,
            progress=progress,
        )
        return cls(pack(model), tokenizer, str(source))

    @classmethod
    def from_hparams(
        cls,
        source: str | os.PathLike[str],
        hparams_file: str = "hyperparams.yaml",
        overrides: Mapping[str, Any] | str | None = None,
        savedir: str | os.PathLike[str] | None = None,
        *,
        run_opts: Any = None,
        **kwargs: Any,
    ) -> "WhisperASR":
        """The Whisper of a model folder of SpeechBrain, such as `speechbrain/asr-whisper-medium-commonvoice-it`.

        Its language, task and beam hold where a call gives none. Arguments and errors are those of
        `Pretrained.from_hparams`; the folder needs a module `whisper`.
        """
        from sonovox.inference.whisper_folders import WhisperFolder  # which other models do without

        run_opts = {"device": choose_device(None)} if run_opts is None else run_opts
        folder = WhisperFolder.from_hparams(source, hparams_file, overrides, savedir, run_opts=run_opts, **kwargs)
        return cls.from_folder(folder, str(source))

    @classmethod
    def from_folder(cls, folder: "WhisperFolder", name: str = "") -> "WhisperASR":
        """The Whisper of a folder that has been read, ready to listen."""
        return cls(pack(folder.block.model), folder.block.tokenizer, name, folder.options)

    @property
    def has_times(self) -> bool:
        """Whether the model says when a segment begins and ends: all do but those of SpeechBrain's folders."""
        return bool(self.defaults.get("timestamps", True))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.decoder.positions.device

    def transcribe(self, audio: Audio, *, sample_rate: int | None = None, **options: Any) -> Transcript:
        """The transcript of one recording of any length.

        Args:
            audio: a path, a binary file-like object, or samples `(time,)` or `(channels, time)`, floating
                point, whose channels are averaged.
            sample_rate: of samples, in Hz; a file knows its own.
            options: fields of `DecodingOptions`, such as `language="de"` or `beam_size=5`.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            ArgumentError: an option that does not exist, a value outside its range, or a language or task
                that the model does not know.
        """
        return self.transcribe_batch([audio], sample_rate=sample_rate, **options)[0]

    def transcribe_batch(
        self, audios: Sequence[Audio], *, sample_rate: int | None = None, **options: Any
    ) -> list[Transcript]:
        """Transcripts of several recordings, whose windows go through the model together.

        The result of a recording does not depend on the others. Arguments are those of `transcribe`.
        """
        segments: list[list[Segment]] = [[] for _ in audios]
        last: dict[int, TranscribedPart] = {}
        for part in self.parts(audios, sample_rate=sample_rate, **options):
            segments[part.index] += part.segments
            last[part.index] = part
        return [
            Transcript(tuple(segments[i]), language=last[i].language, duration=last[i].duration)
            for i in range(len(audios))
        ]

    def parts(
        self, audios: Sequence[Audio], *, sample_rate: int | None = None, **options: Any
    ) -> Iterator[TranscribedPart]:
        """Segments as they are found, window by window; the first parts come before any work, without segments.

        Memory: the log-mel of each recording, 115 MB an hour at 80 bands; files are read in blocks.
        Arguments and errors are those of `transcribe`.
        """
        decoding = self.check(options)
        known = decoding.language if self.tokenizer.multilingual else "en"
        recordings, durations = [], []
        for i, audio in enumerate(audios):
            recording, duration = self._recording(audio, sample_rate)
            recordings.append(recording)
            durations.append(duration)
            yield TranscribedPart(i, (), 0.0, duration, known)
        windows = decode_recordings(
            self.model, self.tokenizer, recordings, decoding, window_frames=self.model.config.n_frames
        )
        while True:
            # Not around the whole loop: the mode would hold for the caller between two parts.
            with torch.inference_mode():
                window = next(windows, None)
            if window is None:
                return
            i, found = window
            seconds = min(recordings[i].position / 100, durations[i])
            kept = tuple(_as_segment(segment, durations[i]) for segment in found)
            yield TranscribedPart(i, kept, seconds, durations[i], recordings[i].language)

    def check(self, options: dict[str, Any]) -> DecodingOptions:
        """`decoding_options` for this model, before any work.

        Raises:
            ArgumentError: as there, or a language or task that the model does not know.
        """
        decoding = decoding_options({**self.defaults, **options})
        self.tokenizer.prefix(decoding.language, decoding.task, timestamps=decoding.timestamps)
        return decoding

    def transcribe_file(self, path: str | os.PathLike[str], **options: Any) -> Transcript:
        """`transcribe`, by the name that all recognisers have it under."""
        return self.transcribe(path, **options)

    def detect_language(self, audio: Audio, *, sample_rate: int | None = None) -> dict[str, float]:
        """Probability of each language in the first 30 s, likeliest first.

        Raises:
            ArgumentError: the model is English-only.
        """
        recording, _ = self._recording(audio, sample_rate)
        with torch.inference_mode():
            audio_states = self.model.encode(recording.window(self.model.config.n_frames)[None])
            return detect_language(self.model, audio_states, self.tokenizer)[0]

    def _recording(self, audio: Audio, sample_rate: int | None) -> tuple[Recording, float]:
        n_samples = 0

        def counted(blocks: Iterable[Tensor]) -> Iterator[Tensor]:
            nonlocal n_samples
            for block in blocks:
                n_samples += block.shape[-1]
                yield block

        # Zeros behind the end: the last frames see silence there, as in training, and not a mirror image.
        silence = torch.zeros(3 * HOP_LENGTH)
        blocks = itertools.chain(counted(mono_blocks(audio, sample_rate, SAMPLE_RATE)), [silence])
        mel = log_mel_of_stream(blocks, self.model.config.n_mels).to(self.device)
        if n_samples == 0:
            raise UnsupportedAudioError(
                f"{audio_name(audio)} holds no samples", hint="check how it was recorded or cut"
            )
        return Recording(mel, n_frames=n_samples // HOP_LENGTH), n_samples / SAMPLE_RATE


def transcribe(
    audio: Audio,
    model: str | os.PathLike[str] | WhisperASR = DEFAULT_MODEL,
    *,
    sample_rate: int | None = None,
    device: str | torch.device | None = None,
    precision: str | None = None,
    **options: Any,
) -> Transcript:
    """The transcript of one recording.

    The model of the last call stays loaded, so that a loop over files is quick.

    Args:
        audio: a path, a binary file-like object, or samples `(time,)` or `(channels, time)`, floating point.
        model: a name, folder or repository (see `WhisperASR.from_pretrained`), or a loaded model.
        sample_rate: of samples, in Hz; a file knows its own.
        device: see `WhisperASR.from_pretrained`.
        precision: see `WhisperASR.from_pretrained`.
        options: fields of `DecodingOptions`, such as `language="de"`, `task="translate"` or `beam_size=5`.

    Returns:
        A `Transcript`: `.text`, `.segments` with times, `.to_srt()` and other formats.

    Raises:
        AudioError: the file cannot be read, or holds NaN or infinity.
        HubError: the model cannot be had.
        ArgumentError: an option that does not exist or a value outside its range.
    """
    decoding_options(options)  # a misspelt option is told before gigabytes are fetched
    if not isinstance(model, WhisperASR):
        model = _loaded(str(model), None if device is None else str(device), precision)
    return model.transcribe(audio, sample_rate=sample_rate, **options)


@functools.lru_cache(maxsize=1)
def _loaded(source: str, device: str | None, precision: str | None) -> WhisperASR:
    return WhisperASR.from_pretrained(source, device=device, precision=precision)


def decoding_options(options: dict[str, Any]) -> DecodingOptions:
    """`DecodingOptions` from keyword arguments; a language by its English name becomes its code.

    Raises:
        ChoiceError: an option or a language that does not exist; the nearest one is suggested.
        ArgumentError: a value outside its range.

    >>> decoding_options({"language": "German"}).language
    'de'
    """
    known = [field.name for field in dataclasses.fields(DecodingOptions)]
    for name in options:
        check_choice("option", name, known)
    decoding = DecodingOptions(**options)
    if decoding.language is None:
        return decoding
    return dataclasses.replace(decoding, language=language_code(decoding.language))


def _as_segment(found: DecodedSegment, duration: float) -> Segment:
    """A segment of the transcript from one of the search."""
    window = found.window
    return Segment(
        start=min(found.start, duration),
        end=min(found.end, duration),
        text=found.text,
        tokens=found.tokens,
        temperature=window.temperature,
        average_log_probability=window.average_log_probability,
        compression_ratio=window.compression_ratio,
        no_speech_probability=window.no_speech_probability,
    )
