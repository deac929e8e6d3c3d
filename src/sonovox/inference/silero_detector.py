"""Speech by Silero VAD, the detector whose weights any machine with a package index can get."""

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox.inference.detect_speech import VAD, AudioPath, Reached
from sonovox.inference.device import choose_device
from sonovox.inference.interface import fetched_audio
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.speech_boundaries import find_boundaries
from sonovox.models.silero_vad.model import SAMPLE_RATE, SileroVAD
from sonovox.models.silero_vad.pretrained import load_silero_vad

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["SileroDetector"]


class SileroDetector(VAD):
    """A `VAD` whose network hears a recording from its beginning to its end, in frames of 32 ms.

    All steps of `VAD` are there; stretches are not heard again unless `double_check=True`.
    A stretch ends where its last frame does.

    Args:
        model: the network; `from_pretrained` loads the published one.
        device: where to put it; None leaves it where it is.

    >>> detector = SileroDetector(SileroVAD())
    >>> detector.get_boundaries(torch.tensor([0, 1, 1, 0]).view(1, 4, 1))
    tensor([[0.0320, 0.0960]])
    """

    # Heard by itself, a short word lacks what was before it: 7 of 100 spoken digits were dropped.
    DOUBLE_CHECKS: ClassVar[bool] = False
    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ()
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("model",)

    def __init__(self, model: SileroVAD, device: str | torch.device | None = None) -> None:
        hparams = {"sample_rate": SAMPLE_RATE, "time_resolution": SileroVAD.window / SAMPLE_RATE}
        super().__init__({"model": model}, hparams, None if device is None else {"device": device})

    @classmethod
    def from_pretrained(
        cls,
        *,
        device: str | torch.device | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> "SileroDetector":
        """With the published weights, 1.2 MB of the package index.

        Args:
            device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
            offline: True uses the cache only.
            progress: see `hub.fetch`.

        Raises:
            HubError: the weights cannot be had.
            ArgumentError: a device that this machine does not have.
        """
        place = choose_device(device)
        return cls(load_silero_vad(offline=offline, progress=progress), place)

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

        Args:
            audio_file: a path, or a source of `hub.fetch`.
            large_chunk_size: in seconds, of what goes through the network at once; it bounds memory and changes
                no number.
            small_chunk_size: of `VAD`; the network remembers what it heard, and needs no smaller chunks.
            overlap_small_chunk: of `VAD`; likewise.
            reached: called with the seconds that have been heard, after each large chunk.

        Raises:
            AudioError: the file cannot be read, or holds NaN or infinity.
            ArgumentError: a chunk of no length.
        """
        check_positive("large_chunk_size", large_chunk_size, unit="in seconds")
        # A whole number of frames: only the last chunk of the file is filled up.
        seconds = max(1, round(large_chunk_size / self.time_resolution)) * self.time_resolution
        state, heard, parts = None, 0.0, []
        for block in mono_blocks(fetched_audio(audio_file), None, self.sample_rate, block_seconds=seconds):
            with torch.no_grad():
                logits, state = self._model(block[None].to(self.device), state)
            parts.append(torch.sigmoid(logits[0]).cpu())
            heard += len(block) / self.sample_rate
            if reached is not None:
                reached(heard)
        return torch.cat(parts or [torch.zeros(0)]).view(1, -1, 1)

    def get_speech_prob_chunk(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """The probability of speech for each frame, `(batch, frames, 1)`; an item does not hear what is behind it.

        Args:
            wavs: `(batch, time)` or `(time,)`, at 16 kHz.
            wav_lens: of `VAD`; padding changes nothing before it.
        """
        wavs = wavs.unsqueeze(0) if wavs.dim() == 1 else wavs
        with torch.no_grad():
            logits, _ = self._model(wavs.to(self.device, torch.float32))
        return torch.sigmoid(logits).unsqueeze(-1)

    def get_boundaries(self, prob_th: Tensor, output_value: str = "seconds") -> Tensor:
        """The stretches of ones, `(segments, 2)`, to the end of the last frame of each; see `find_boundaries`."""
        return find_boundaries(prob_th, self.time_resolution, self.sample_rate, output_value, whole_frames=True)

    @property
    def _model(self) -> Any:
        return self.mods["model"]
