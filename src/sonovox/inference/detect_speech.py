"""Where somebody speaks in a recording: a detector of voice activity and the steps around it.

A network gives the probability of speech for each frame. Two thresholds turn it
into stretches of speech; those may be refined by energy, joined where they are
close, dropped where they are short, and heard again as a whole.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text
from sonovox.inference import speech_boundaries
from sonovox.inference.interface import Pretrained, fetched_audio
from sonovox.inference.mono_audio import mono_blocks, mono_stretch
from sonovox.io import info

__all__ = ["VAD"]

AudioPath = str | os.PathLike[str]
# Who is told how many seconds of a recording are done.
Reached = Callable[[float], None]
# A segment is heard again as a whole up to this length, in pieces beyond it.
LONGEST_SECONDS = 60.0
# Frames of which the energy is computed at once.
FRAMES_AT_ONCE = 3000
# Logarithms of energy that deviate less than this (0.01 dB) are all the same.
SMALLEST_SPREAD = 1e-3


class VAD(Pretrained):
    """A detector of speech for files of any length, sample rate and number of channels.

    The YAML file has `time_resolution`, the step from frame to frame in seconds, and
    the modules `compute_features`, `mean_var_norm`, `cnn`, `rnn` and `dnn`, of which
    the last gives a logit for each frame.

    Memory does not grow with the length of a file, but for the results.

    Attributes:
        time_resolution: of a frame, in seconds.

    Raises:
        ArgumentError: `time_resolution` is not a whole number of samples, or as for `Pretrained`.
    """

    DOUBLE_CHECKS: ClassVar[bool] = True
    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("time_resolution",)
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("compute_features", "mean_var_norm", "cnn", "rnn", "dnn")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_resolution: float = self.hparams.time_resolution
        if not isinstance(self.time_resolution, int | float) or self._samples(self.time_resolution) < 1:
            raise ArgumentError(
                f"time_resolution must be at least a sample in seconds, got {self.time_resolution!r}",
                hint="0.01 is usual",
            )

    def get_speech_segments(
        self,
        audio_file: AudioPath,
        large_chunk_size: float = 30,
        small_chunk_size: float = 10,
        overlap_small_chunk: bool = False,
        apply_energy_VAD: bool = False,  # noqa: N803 - the name that users know
        double_check: bool | None = None,
        close_th: float = 0.25,
        len_th: float = 0.25,
        activation_th: float = 0.5,
        deactivation_th: float = 0.25,
        en_activation_th: float = 0.5,
        en_deactivation_th: float = 0.0,
        speech_th: float = 0.5,
        *,
        reached: Reached | None = None,
    ) -> Tensor:
        """The stretches of speech in a file, `(segments, 2)`, in seconds: all steps in turn.

        Args:
            audio_file: a path, or a source of `hub.fetch`.
            large_chunk_size: as of `get_speech_prob_file`; so are `small_chunk_size` and `overlap_small_chunk`.
            small_chunk_size: in seconds.
            overlap_small_chunk: whether small chunks overlap.
            apply_energy_VAD: refine by energy, with `energy_VAD`.
            double_check: drop what is no speech when heard as a whole, with `double_check_speech_segments`; None as
                `DOUBLE_CHECKS` of the class says, which is to do so.
            close_th: see `merge_close_segments`.
            len_th: see `remove_short_segments`.
            activation_th: see `apply_threshold`.
            deactivation_th: see `apply_threshold`.
            en_activation_th: that of `energy_VAD`.
            en_deactivation_th: that of `energy_VAD`.
            speech_th: see `double_check_speech_segments`.
            reached: called with the seconds that have been heard, now and then.

        Raises:
            AudioError: the file cannot be read, or holds NaN or infinity.
            HubError: it cannot be had.
            ArgumentError: thresholds or sizes that cannot be.
        """
        probabilities = self.get_speech_prob_file(
            audio_file, large_chunk_size, small_chunk_size, overlap_small_chunk, reached=reached
        )
        boundaries = self.get_boundaries(self.apply_threshold(probabilities, activation_th, deactivation_th))
        if apply_energy_VAD:
            boundaries = self.energy_VAD(audio_file, boundaries, en_activation_th, en_deactivation_th)
        boundaries = self.merge_close_segments(boundaries, close_th)
        boundaries = self.remove_short_segments(boundaries, len_th)
        if self.DOUBLE_CHECKS if double_check is None else double_check:
            return self.double_check_speech_segments(boundaries, audio_file, speech_th)
        return boundaries

    def get_speech_prob_file(
        self,
        audio_file: AudioPath,
        large_chunk_size: float = 30,
        small_chunk_size: float = 10,
        overlap_small_chunk: bool = False,
        *,
        reached: Reached | None = None,
    ) -> Tensor:
        """The probability of speech for each frame of a file, `(1, frames, 1)`.

        Large chunks are read one after the other; the small ones of each, the last
        filled up with silence, go through the network as a batch.

        Args:
            audio_file: a path, or a source of `hub.fetch`.
            large_chunk_size: in seconds; it bounds memory.
            small_chunk_size: in seconds, not above `large_chunk_size`.
            overlap_small_chunk: small chunks begin halfway into the one before, and their probabilities, weighted
                by Hamming windows, are added. The weights sum to 1.08 within a large chunk, as in SpeechBrain,
                so that "probabilities" may lie a little above 1.
            reached: called with the seconds that have been heard, after each large chunk.

        Raises:
            AudioError: the file cannot be read, or holds NaN or infinity.
            ArgumentError: sizes that cannot be.
        """
        check_positive("small_chunk_size", small_chunk_size, unit="in seconds")
        if self._frames(small_chunk_size) < 2 or large_chunk_size < small_chunk_size:
            raise ArgumentError(
                f"small_chunk_size must be at least two frames of {self.time_resolution} s and at most "
                f"large_chunk_size={large_chunk_size}, got {small_chunk_size}",
                hint="30 and 10 seconds are usual",
            )
        heard, parts = 0.0, []
        for block in mono_blocks(
            fetched_audio(audio_file), None, self.sample_rate, block_seconds=float(large_chunk_size)
        ):
            wanted = len(block) // self._samples(self.time_resolution)
            is_last = len(block) < self._samples(large_chunk_size)
            parts.append(self._probabilities_of(block, small_chunk_size, overlap_small_chunk, is_last)[:wanted])
            heard += len(block) / self.sample_rate
            if reached is not None:
                reached(heard)
        return torch.cat(parts or [torch.zeros(0)]).view(1, -1, 1)

    def get_speech_prob_chunk(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """The probability of speech for each frame, `(batch, frames, 1)`.

        Args:
            wavs: `(batch, time)` or `(time,)`, at the rate of the model.
            wav_lens: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None. They bound what
                features are normalised by; a network that looks around hears the padding even so.
        """
        wavs = wavs.unsqueeze(0) if wavs.dim() == 1 else wavs
        wavs = wavs.to(self.device, torch.float32)
        wav_lens = wavs.new_ones(len(wavs)) if wav_lens is None else wav_lens.to(self.device)
        with torch.no_grad():
            features = self.mods["mean_var_norm"](self.mods["compute_features"](wavs), wav_lens)
            x = self.mods["cnn"](features).flatten(2)
            x = self.mods["rnn"](x)
            x = x[0] if isinstance(x, tuple) else x
            return torch.sigmoid(self.mods["dnn"](x))

    def apply_threshold(self, vad_prob: Tensor, activation_th: float = 0.5, deactivation_th: float = 0.25) -> Tensor:
        """Where speech is, bool; see `speech_boundaries.apply_threshold`."""
        return speech_boundaries.apply_threshold(vad_prob, activation_th, deactivation_th)

    def get_boundaries(self, prob_th: Tensor, output_value: str = "seconds") -> Tensor:
        """The stretches of ones, `(segments, 2)`, in `"seconds"` or `"samples"`; see `find_boundaries`."""
        return speech_boundaries.find_boundaries(prob_th, self.time_resolution, self.sample_rate, output_value)

    def merge_close_segments(self, boundaries: Tensor, close_th: float = 0.25) -> Tensor:
        """`boundaries` with those joined that have at most `close_th` seconds between them."""
        return speech_boundaries.merge_close_segments(boundaries, close_th)

    def remove_short_segments(self, boundaries: Tensor, len_th: float = 0.25) -> Tensor:
        """Those of `boundaries` that are longer than `len_th` seconds."""
        return speech_boundaries.remove_short_segments(boundaries, len_th)

    def energy_VAD(  # noqa: N802 - the name that users know
        self,
        audio_file: AudioPath,
        boundaries: Tensor,
        activation_th: float = 0.5,
        deactivation_th: float = 0.0,
        eps: float = 1e-6,
    ) -> Tensor:
        """The loud stretches within `boundaries`, `(segments, 2)`, in seconds.

        Of each segment, the logarithm of a frame's sum of magnitudes is shifted and
        scaled to mean 0.5 and deviation 0.5, then thresholded. A segment of one frame,
        or as loud everywhere, stays as it is.

        Args:
            audio_file: a path, or a source of `hub.fetch`.
            boundaries: in seconds.
            activation_th: of the scaled energy.
            deactivation_th: of the scaled energy.
            eps: added before the logarithm.

        Raises:
            AudioError: the file cannot be read, or holds NaN or infinity.
            ArgumentError: thresholds or boundaries that cannot be.
        """
        found = []
        for segment in self._checked(boundaries):
            energy = self._log_energies(audio_file, segment, eps)
            spread = energy.std() if len(energy) > 1 else energy.new_zeros(())
            if spread < SMALLEST_SPREAD:
                found.append(segment[None])
                continue
            scaled = (energy - energy.mean()) / (2 * spread) + 0.5
            loud = self.apply_threshold(scaled.view(1, -1, 1), activation_th, deactivation_th)
            found.append(segment[0] + self.get_boundaries(loud))
        return torch.cat(found) if found else boundaries

    def double_check_speech_segments(self, boundaries: Tensor, audio_file: AudioPath, speech_th: float = 0.5) -> Tensor:
        """Those of `boundaries`, in seconds, whose mean probability is above `speech_th` when heard by themselves.

        A segment of more than 60 s is heard in pieces of 60 s.
        """
        kept = []
        for segment in self._checked(boundaries):
            pieces = self._read(audio_file, segment, LONGEST_SECONDS)
            frames = [self.get_speech_prob_chunk(piece).flatten() for piece in pieces]
            kept.append(bool(frames) and bool(torch.cat(frames).mean() > speech_th))
        return boundaries[torch.tensor(kept, dtype=torch.bool, device=boundaries.device)]

    def get_segments(
        self, boundaries: Tensor, audio_file: AudioPath, before_margin: float = 0.1, after_margin: float = 0.1
    ) -> list[Tensor]:
        """The samples of each segment, `(1, time)`, one channel at the rate of the model.

        Args:
            boundaries: in seconds.
            audio_file: a path, or a source of `hub.fetch`.
            before_margin: seconds that come before each, if the file has them.
            after_margin: seconds that come after each, if the file has them.
        """
        margins = torch.tensor([-before_margin, after_margin], device=boundaries.device)
        wider = (self._checked(boundaries) + margins).clamp(min=0)
        pieces = (list(self._read(audio_file, segment, LONGEST_SECONDS)) for segment in wider)
        return [torch.cat(piece or [torch.zeros(0)]).unsqueeze(0) for piece in pieces]

    def upsample_VAD(  # noqa: N802 - the name that users know
        self, vad_out: Tensor, audio_file: AudioPath, time_resolution: float = 0.01
    ) -> Tensor:
        """`vad_out`, `(1, frames, 1)`, held over each frame: `(1, time)`, a value for each sample of the file."""
        rate, n_samples = self._rate_and_length(audio_file)
        step = round(time_resolution * rate)
        held = vad_out[:, :, 0].float().repeat_interleave(step, dim=1)[:, :n_samples]
        return torch.nn.functional.pad(held, (0, n_samples - held.shape[1]))

    def upsample_boundaries(self, boundaries: Tensor, audio_file: AudioPath) -> Tensor:
        """1 within `boundaries` (in seconds) and 0 elsewhere, `(1, time)`, for each sample of the file."""
        rate, n_samples = self._rate_and_length(audio_file)
        speech = torch.zeros(1, n_samples)
        for begin, end in (self._checked(boundaries) * rate).round().long().tolist():
            speech[:, begin:end] = 1.0
        return speech

    def create_chunks(self, x: Tensor, chunk_size: int = 16384, chunk_stride: int = 16384) -> Tensor:
        """`x`, `(1, time)`, as chunks `(chunks, chunk_size)`, each `chunk_stride` samples after the one before."""
        return x.unfold(1, chunk_size, chunk_stride).squeeze(0)

    def save_boundaries(
        self,
        boundaries: Tensor,
        save_path: AudioPath | None = None,
        print_boundaries: bool = True,
        audio_file: AudioPath | None = None,
    ) -> None:
        """Write the stretches of speech, and those between them, a line each; see `list_intervals`.

        Args:
            boundaries: in seconds or in samples.
            save_path: of a text file; None for none.
            print_boundaries: on the standard output.
            audio_file: whose end is the end of the last line; None for the end of the speech.

        Raises:
            WriteError: the file cannot be written.
        """
        duration = None
        if audio_file is not None:
            rate, n_samples = self._rate_and_length(audio_file)
            duration = n_samples / rate * (1 if boundaries.is_floating_point() else self.sample_rate)
        text = speech_boundaries.list_intervals(boundaries, duration)
        if print_boundaries:
            print(text, end="")  # noqa: T201 - that is what it was asked for
        if save_path is not None:
            write_text(Path(save_path), text)

    def _probabilities_of(self, block: Tensor, chunk_seconds: float, overlap: bool, is_last: bool) -> Tensor:
        """Of a large chunk, `(frames,)`; a little more than it has."""
        size = self._samples(chunk_seconds)
        stride = size // 2 if overlap else size
        # As many as cover the block; at the end of the file one more may be all silence (SpeechBrain's numbers).
        n_chunks = len(block) // stride + 1 if is_last else 1 - (size - len(block)) // stride
        silence = max(0, (n_chunks - 1) * stride + size - len(block))
        chunks = self.create_chunks(torch.nn.functional.pad(block, (0, silence))[None], size, stride)
        length, step = self._frames(chunk_seconds), self._frames(chunk_seconds) // (2 if overlap else 1)
        probabilities = self.get_speech_prob_chunk(chunks)[:, :length, 0].cpu()
        if not overlap:
            return probabilities.flatten()
        window = torch.hamming_window(length).repeat(len(chunks), 1)
        window[0, :step] = window[-1, length - step :] = 1.0  # where there is no neighbour
        total = torch.zeros((len(chunks) - 1) * step + length)
        for i, part in enumerate(probabilities * window):
            total[i * step : i * step + length] += part
        return total

    def _log_energies(self, audio_file: AudioPath, segment: Tensor, eps: float) -> Tensor:
        """Of each frame of a segment, `(frames,)`."""
        size = self._samples(self.time_resolution)
        blocks = self._read(audio_file, segment, FRAMES_AT_ONCE * size / self.sample_rate)
        frames = [self.create_chunks(block[None], size, size).abs().sum(-1) for block in blocks if len(block) >= size]
        return (torch.cat(frames or [torch.zeros(0)]) + eps).log()

    def _read(self, audio_file: AudioPath, segment: Tensor, block_seconds: float) -> Iterator[Tensor]:
        begin, end = segment.tolist()
        return mono_stretch(fetched_audio(audio_file), begin, end, self.sample_rate, block_seconds=block_seconds)

    def _checked(self, boundaries: Tensor) -> Tensor:
        speech_boundaries.check_boundaries(boundaries)
        if not boundaries.is_floating_point():
            raise ArgumentError(
                f"boundaries must be in seconds, floating point, got {boundaries.dtype}",
                hint=f"divide samples by {self.sample_rate}",
            )
        return boundaries

    def _rate_and_length(self, audio_file: AudioPath) -> tuple[int, int]:
        metadata = info(fetched_audio(audio_file))
        return metadata.sample_rate, metadata.num_frames

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)

    def _frames(self, seconds: float) -> int:
        return round(seconds / self.time_resolution)
