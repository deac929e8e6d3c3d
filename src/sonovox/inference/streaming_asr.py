"""Speech to text while somebody speaks: chunks in, text out, by a Conformer that was trained with chunks.

Zhang et al., "Unified streaming and non-streaming two-pass end-to-end model for speech
recognition", 2020; the encoder: `sonovox.nn.conformer`.
"""

import os
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, UnsupportedAudioError
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import Audio, announced_seconds, audio_name, mono_blocks
from sonovox.inference.recogniser import TranscribedPart, transcript_of
from sonovox.inference.transcript import Segment, Transcript
from sonovox.inference.wave_batches import FEWEST_SECONDS, wave_batch
from sonovox.inference.word_times import PAUSE_SECONDS, segments_of_tokens
from sonovox.nn import DynChunkTrainConfig
from sonovox.text import TextStreamingContext, decode_tokens_streaming

__all__ = ["ASRStreamingContext", "StreamingASR", "StreamingLatency"]

# Chunks of about a second where a model has four frames in 0.16 s, as its folder may say otherwise.
DEFAULT_CHUNKS = DynChunkTrainConfig(24, 8)
# A segment without pauses is told after so many seconds, at the end of a chunk.
LONGEST_SEGMENT = 30.0


@dataclass
class StreamingLatency:
    """How long words wait.

    Args:
        chunk_seconds: a chunk of encoder frames: the first of them waits so long for the last.
        lookahead_seconds: what features see after their frame.
        chunks: so many were heard.
        audio_seconds: so much was heard.
        busy_seconds: so long the model worked on it, in total.
        longest_seconds: and so long on one chunk.

    >>> latency = StreamingLatency(chunk_seconds=0.32, lookahead_seconds=0.05)
    >>> latency.heard(audio_seconds=0.32, busy_seconds=0.016)
    >>> print(latency)
    0.37 s of waiting for sound, 0.016 s of work at most, 0.050 s a second
    """

    chunk_seconds: float
    lookahead_seconds: float
    chunks: int = 0
    audio_seconds: float = 0.0
    busy_seconds: float = 0.0
    longest_seconds: float = 0.0

    @property
    def algorithmic_seconds(self) -> float:
        """From a sound to its text on a machine of endless speed, at most."""
        return self.chunk_seconds + self.lookahead_seconds

    @property
    def worst_seconds(self) -> float:
        """From a sound to its text as it was here, at most; without end where `real_time_factor` is above 1."""
        return self.algorithmic_seconds + self.longest_seconds

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for one of audio; a stream needs less than 1."""
        return self.busy_seconds / self.audio_seconds if self.audio_seconds else 0.0

    def heard(self, audio_seconds: float, busy_seconds: float) -> None:
        """Count one chunk."""
        self.chunks += 1
        self.audio_seconds += audio_seconds
        self.busy_seconds += busy_seconds
        self.longest_seconds = max(self.longest_seconds, busy_seconds)

    def __str__(self) -> str:
        return (
            f"{self.algorithmic_seconds:.2f} s of waiting for sound, {self.longest_seconds:.3f} s of work at most, "
            f"{self.real_time_factor:.3f} s a second"
        )


@dataclass
class ASRStreamingContext:
    """What `StreamingASR` remembers of one signal, or of a batch of them.

    Args:
        config: the chunks.
        fea_extractor_context: of the features.
        encoder_context: of the encoder.
        decoder_context: of the decoder.
        tokenizer_context: of the text of each item; None at first.
        latency: how long words wait.
        features: frames that are no whole chunk yet, `(batch, frames, ...)`; None at first.
    """

    config: DynChunkTrainConfig
    fea_extractor_context: Any
    encoder_context: Any
    decoder_context: Any
    tokenizer_context: list[Any] | None
    latency: StreamingLatency
    features: Tensor | None = None


class StreamingASR(Pretrained):
    """A recogniser that hears a signal chunk by chunk.

    The YAML file has the modules `enc`, an `EncoderWrapper` of a Conformer that was trained with chunks, and
    `proj_enc`, a layer after it; `fea_streaming_extractor`, a `StreamingFeatureWrapper`; a `decoding_function` of what
    `proj_enc` gives and a context that `make_decoder_streaming_context` makes, such as
    `!name:sonovox.decoding.ctc_greedy_decode_streaming`; a `tokenizer`, with `tokenizer_decode_streaming` and
    `make_tokenizer_streaming_context` if they are not `decode_tokens_streaming` and `TextStreamingContext`.

    What the encoder gives for the chunks of a signal is what it gives for the whole with the chunks as a mask: the
    first chunk sees the beginning of the signal and the last one its end, and frames come when all that they see is
    there. (SpeechBrain begins and ends with frames of silence, and takes chunks that are one sample shorter for each
    frame. Its loop, with chunks of silence at the end, works here, too.)

    Memory does not grow with the length of a signal where `left_context_size` is not None.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = (
        "fea_streaming_extractor",
        "make_decoder_streaming_context",
        "decoding_function",
        "tokenizer",
    )
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("enc", "proj_enc")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filter_props = self.hparams.fea_streaming_extractor.properties
        self._follow(self.hparams.fea_streaming_extractor)

    @property
    def has_times(self) -> bool:
        """Whether the decoder's context has `token_frames`, by which words have times."""
        return hasattr(self.hparams.make_decoder_streaming_context(), "token_frames")

    def make_streaming_context(self, dynchunktrain_config: DynChunkTrainConfig) -> ASRStreamingContext:
        """A context before the first chunk of a signal.

        Raises:
            ArgumentError: an encoder that has no chunks.
        """
        encoder: Any = self.mods["enc"]
        rate, extractor = self.sample_rate, self.hparams.fea_streaming_extractor
        return ASRStreamingContext(
            config=dynchunktrain_config,
            fea_extractor_context=extractor.make_streaming_context(),
            encoder_context=encoder.make_streaming_context(dynchunktrain_config),
            decoder_context=self.hparams.make_decoder_streaming_context(),
            tokenizer_context=None,
            latency=StreamingLatency(
                self.get_chunk_size_frames(dynchunktrain_config) / rate, extractor.lookahead / rate
            ),
        )

    def get_chunk_size_frames(self, dynchunktrain_config: DynChunkTrainConfig) -> int:
        """The samples of a chunk."""
        return self.filter_props.stride * dynchunktrain_config.chunk_size

    @torch.no_grad()
    def encode_chunk(
        self, context: ASRStreamingContext, chunk: Tensor, chunk_len: Tensor | None = None, *, last: bool = False
    ) -> Tensor:
        """What `proj_enc` gives for the chunks that are whole now, `(batch, frames, features)`; there may be no frame.

        Args:
            context: of `make_streaming_context`; it is changed.
            chunk: samples `(batch, time)` at the rate of the model; of any length, `get_chunk_size_frames` suits best.
            chunk_len: shares of the chunk, `(batch,)`, behind which an item has ended: silence is heard there.
            last: whether the signal ends here; then what is left is given, too.

        Raises:
            ArgumentError: shapes or lengths that cannot be.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        if chunk.dim() != 2:
            raise ArgumentError(f"chunk must be (batch, time), got {tuple(chunk.shape)}", hint="chunk.unsqueeze(0)")
        extractor, given = self.hparams.fea_streaming_extractor, []
        if chunk.shape[1]:
            chunk, chunk_len = wave_batch(chunk, chunk_len, self.device)
            ends = (chunk_len * chunk.shape[1]).round().unsqueeze(1)
            chunk = chunk.masked_fill(torch.arange(chunk.shape[1], device=chunk.device) >= ends, 0.0)
            given.append(extractor(chunk, context.fea_extractor_context))
        if last and context.fea_extractor_context.left_context is not None:
            given.append(extractor.finish(context.fea_extractor_context))
        if context.features is not None:
            given.insert(0, context.features)
        if not given:
            raise ArgumentError("there were no samples to hear", hint="give a chunk of at least one")
        given = [part for part in given if part.shape[1]]
        if not given:
            return self._no_states(chunk)
        features = torch.cat(given, dim=1)
        size = context.config.chunk_size
        whole = features.shape[1] if last else features.shape[1] // size * size
        context.features = features[:, whole:]
        encoder: Any = self.mods["enc"]
        states = [
            self.mods["proj_enc"](encoder.forward_streaming(part, context.encoder_context))
            for part in features[:, :whole].split(size, dim=1)
            if part.shape[1]
        ]
        return torch.cat(states, dim=1) if states else self._no_states(features)

    @torch.no_grad()
    def decode_chunk(self, context: ASRStreamingContext, x: Tensor) -> tuple[list[str], list[list[int]]]:
        """The text that what `encode_chunk` gave adds for each item, and its tokens; both may be empty.

        Args:
            context: that which `encode_chunk` had.
            x: `(batch, frames, features)`.
        """
        tokens = self.hparams.decoding_function(x, context.decoder_context) if x.shape[1] else [[] for _ in x]
        if context.tokenizer_context is None:
            make = getattr(self.hparams, "make_tokenizer_streaming_context", TextStreamingContext)
            context.tokenizer_context = [make() for _ in tokens]
        decode = getattr(self.hparams, "tokenizer_decode_streaming", decode_tokens_streaming)
        pairs = zip(tokens, context.tokenizer_context, strict=True)
        return [decode(self.tokenizer, sequence, said) for sequence, said in pairs], tokens

    def transcribe_chunk(
        self, context: ASRStreamingContext, chunk: Tensor, chunk_len: Tensor | None = None, *, last: bool = False
    ) -> list[str]:
        """The text that the chunk adds for each item, which may be empty; arguments and errors as of `encode_chunk`."""
        return self._heard(context, chunk, chunk_len, last)[0]

    def transcribe_file_streaming(
        self,
        path: str | os.PathLike[str],
        dynchunktrain_config: DynChunkTrainConfig,
        use_torchaudio_streaming: bool = True,
        *,
        context: ASRStreamingContext | None = None,
        **kwargs: Any,
    ) -> Iterator[str]:
        """The text of a recording as it is heard: what each chunk adds, which may be empty.

        Args:
            path: of a file of any length, sample rate and number of channels, which is read chunk by chunk; or a
                source of `hub.fetch`.
            dynchunktrain_config: the chunks.
            use_torchaudio_streaming: takes no effect.
            context: of `make_streaming_context` with these chunks, to read its `latency` later.
            kwargs: `savedir` of SpeechBrain is taken and not needed.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        kwargs.pop("savedir", None)
        if kwargs:
            raise ArgumentError(f"unknown arguments {', '.join(kwargs)}", hint="savedir is known")
        context = context or self.make_streaming_context(dynchunktrain_config)
        for words, _, _ in self._stream(fetched_audio(path), None, context):
            yield words

    def transcribe_file(
        self,
        path: str | os.PathLike[str],
        dynchunktrain_config: DynChunkTrainConfig | None = None,
        use_torchaudio_streaming: bool = True,
    ) -> str:
        """The text of a recording, heard chunk by chunk; see `transcribe_file_streaming`.

        `dynchunktrain_config` is by default that of the model's YAML file, or else `DynChunkTrainConfig(24, 8)`.
        """
        return "".join(self.transcribe_file_streaming(path, dynchunktrain_config or self._chunks({})))

    def transcribe(self, audio: Audio, *, sample_rate: int | None = None, **options: Any) -> Transcript:
        """The transcript of one recording; arguments as of `PiecewiseASR.transcribe`, options as of `check`."""
        return transcript_of(self.parts([audio], sample_rate=sample_rate, **options))

    def check(self, options: dict[str, Any]) -> None:
        """Refuse options other than `chunk_size` and `left_context_size`, those of `DynChunkTrainConfig`.

        Raises:
            ArgumentError: naming the option.
        """
        for name in options:
            check_choice("option", name, ["chunk_size", "left_context_size"])
        self._chunks(options)

    def parts(
        self, audios: Sequence[Audio], *, sample_rate: int | None = None, **options: Any
    ) -> Iterator[TranscribedPart]:
        """Segments as they end, each recording by itself; see `Recogniser`."""
        self.check(options)
        for i, audio in enumerate(audios):
            yield from self._parts_of(i, audio, sample_rate, self._chunks(options))

    def _chunks(self, options: dict[str, Any]) -> DynChunkTrainConfig:
        usual = getattr(self.hparams, "dynchunktrain_config", None) or DEFAULT_CHUNKS
        return DynChunkTrainConfig(**{**vars(usual), **options})

    def _no_states(self, like: Tensor) -> Tensor:
        sizes = [parameter.shape[0] for parameter in self.mods["proj_enc"].parameters()]  # of weight and bias
        return like.new_zeros(len(like), 0, sizes[0] if sizes else 0)

    def _heard(
        self, context: ASRStreamingContext, chunk: Tensor, chunk_len: Tensor | None, last: bool
    ) -> tuple[list[str], list[list[int]]]:
        began = time.perf_counter()
        found = self.decode_chunk(context, self.encode_chunk(context, chunk, chunk_len, last=last))
        context.latency.heard(chunk.shape[1] / self.sample_rate, time.perf_counter() - began)
        return found

    def _stream(
        self, audio: Audio, sample_rate: int | None, context: ASRStreamingContext
    ) -> Iterator[tuple[str, list[int], float]]:
        """What each chunk of a recording adds: text, tokens, seconds."""
        size, waiting, found = self.get_chunk_size_frames(context.config), torch.zeros(0), False
        for block in mono_blocks(audio, sample_rate, self.sample_rate, block_seconds=size / self.sample_rate):
            for chunk in block.split(size):
                # One is held back: the last must be known as such.
                if found:
                    (words,), (tokens,) = self._heard(context, waiting[None], None, False)
                    yield words, tokens, len(waiting) / self.sample_rate
                waiting, found = chunk, found or len(chunk) > 0
        if not found:
            raise UnsupportedAudioError(
                f"{audio_name(audio)} holds no samples", hint="check how it was recorded or cut"
            )
        missing = round(FEWEST_SECONDS * self.sample_rate) - len(waiting) if context.latency.chunks == 0 else 0
        filled = torch.nn.functional.pad(waiting, (0, max(0, missing)))
        (words,), (tokens,) = self._heard(context, filled[None], None, True)
        yield words, tokens, len(waiting) / self.sample_rate

    def _parts_of(
        self, index: int, audio: Audio, sample_rate: int | None, chunks: DynChunkTrainConfig
    ) -> Iterator[TranscribedPart]:
        context, announced, seconds = self.make_streaming_context(chunks), announced_seconds(audio, sample_rate), 0.0
        said = _Said(self.has_times, self.filter_props.stride / self.sample_rate)
        for words, tokens, heard in self._stream(audio, sample_rate, context):
            if seconds == 0.0:
                yield TranscribedPart(index, (), 0.0, announced, None)
            seconds += heard
            frames = getattr(context.decoder_context, "token_frames", None)
            said.add(words, tokens, seconds, frames[0] if frames and tokens else None)
            yield TranscribedPart(index, said.ended(seconds), seconds, max(announced, seconds), None)
        yield TranscribedPart(index, said.ended(seconds, whole=True), seconds, seconds, None)


@dataclass
class _Said:
    """What was said and is in no segment yet."""

    has_times: bool
    frame_seconds: float
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    begin: float = 0.0

    def add(self, words: str, tokens: list[int], seconds: float, frames: list[int] | None) -> None:
        """Tokens that were heard until `seconds`; of text that comes late, the last of them is taken to say it."""
        before = len(self.text)
        self.text += words
        self.tokens += tokens
        # The characters are shared out evenly: a chunk has few tokens.
        self.reached += [before + round(len(words) * (i + 1) / len(tokens)) for i in range(len(tokens))]
        if frames is None:
            self.times += [(self.times[-1][1] if self.times else self.begin, seconds)] * len(tokens)
        else:
            self.times += [(self.frame_seconds * i, self.frame_seconds * (i + 1)) for i in frames]

    def ended(self, seconds: float, *, whole: bool = False) -> tuple[Segment, ...]:
        """The segments behind which is a pause; what is whole of one that grows too long; or all."""
        if not self.tokens:
            self.begin = seconds
            return ()
        count = len(self.tokens)
        if not whole and seconds - self.times[-1][1] < 2 * PAUSE_SECONDS:
            if seconds - self.times[0][0] < LONGEST_SEGMENT:
                return ()
            # Up to the last space: the word behind it may go on.
            count = bisect_right(self.reached, self.text.rfind(" "))
        if count == 0:
            return ()
        length = len(self.text) if count == len(self.tokens) else self.reached[count - 1]
        times = [(min(begin, seconds), min(end, seconds)) for begin, end in self.times[:count]]
        found = segments_of_tokens(self.text[:length], self.tokens[:count], self.reached[:count], times)
        self.text, self.tokens, self.times = self.text[length:], self.tokens[count:], self.times[count:]
        self.reached = [characters - length for characters in self.reached[count:]]
        self.begin = seconds
        return found if self.has_times else tuple(replace(segment, words=()) for segment in found)
