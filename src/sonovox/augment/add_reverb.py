"""Reverberation: waveforms as they are heard in rooms, whose impulse responses are given in files or generated."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox.augment.audio_list import AudioList, FilePath, fitted
from sonovox.augment.generated_rir import decaying_noise_rir
from sonovox.augment.item_random import ItemRandom
from sonovox.augment.signal import finished, mean_amplitudes, prepared
from sonovox.dsp.convolve import fftconvolve

__all__ = ["AddReverb"]


class AddReverb(nn.Module):
    """Waveforms convolved with a room impulse response that is drawn for each item.

    The direct sound, the largest sample of a response, stays where it was in time; the mean
    amplitude stays what it was, and what would sound on after an item's end is cut off.

    Args:
        csv_file: lists impulse responses, as `AddNoise` has it; without one they are generated.
        sorting: see `AddNoise`.
        num_workers: threads that read files.
        rir_scale_factor: stretches the responses in time: below 1 for less reverberation, above for more.
        replacements: what `$name` and `{name}` in the paths stand for.
        reverb_sample_rate: in Hz, of the files; None to take each file's own.
        clean_sample_rate: in Hz, of the waveforms, to which responses are resampled.
        csv_keys: see `AddNoise`.
        rir_funct: makes `(batch, length)` responses of the waveforms, `sample_rate=` and `seeds=`.

    Raises:
        ArgumentError: a factor that is not positive.
        DataError: a CSV file without files.

    >>> reverb = AddReverb(rir_funct=lambda waveforms, **how: torch.tensor([[0.0, 1.0, 0.5]]))
    >>> reverb(torch.tensor([[3.0, 0.0, 0.0, 0.0]])).round().int()  # 3 and its echo, as loud on average as before
    tensor([[2, 1, 0, 0]], dtype=torch.int32)
    """

    def __init__(
        self,
        csv_file: FilePath | None = None,
        sorting: str = "random",
        num_workers: int = 0,
        rir_scale_factor: float = 1.0,
        replacements: Mapping[str, Any] = {},
        reverb_sample_rate: int | None = 16000,
        clean_sample_rate: int = 16000,
        *,
        csv_keys: list[str] | None = None,
        rir_funct: Callable[..., Tensor] = decaying_noise_rir,
    ) -> None:
        super().__init__()
        check_positive("rir_scale_factor", rir_scale_factor)
        self.rir_scale_factor = rir_scale_factor
        self.rir_funct = rir_funct
        self.clean_sample_rate = clean_sample_rate
        self.files = None
        if csv_file is not None:
            self.files = AudioList(
                csv_file, csv_keys, sorting, num_workers, replacements, reverb_sample_rate, clean_sample_rate
            )

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None) -> Tensor:
        """The waveforms, in their shape and dtype; for the arguments see `RandAmp.forward`.

        Raises:
            ArgumentError: seeds with responses in order; a file of another rate than `reverb_sample_rate`.
            AudioError: a file that cannot be read.
        """
        samples, counts, inside = prepared(waveforms, lengths)
        time = samples.shape[1]
        if samples.numel() == 0:
            return finished(samples, waveforms)
        random = ItemRandom(seeds, len(samples), samples.device)
        responses = self._responses(samples, random, by_seeds=seeds is not None)  # (batch, length, channels)
        if self.rir_scale_factor != 1.0:
            responses = F.interpolate(responses.mT, scale_factor=self.rir_scale_factor, mode="linear").mT
        direct = responses.abs().amax(2).argmax(1)
        full = fftconvolve(samples.mT, responses.mT).mT
        place = torch.arange(time, device=samples.device) + direct.unsqueeze(1)
        heard = full.take_along_dim(place.unsqueeze(-1), 1)
        heard = heard if inside is None else heard.masked_fill(~inside, 0.0)
        before, after = mean_amplitudes(samples, counts), mean_amplitudes(heard, counts)
        silent = after == 0
        return finished(heard * (before / after.masked_fill(silent, 1.0)), waveforms)

    def _responses(self, samples: Tensor, random: ItemRandom, *, by_seeds: bool) -> Tensor:
        if self.files is None:
            generated = self.rir_funct(samples[..., 0], sample_rate=self.clean_sample_rate, seeds=random.seeds())
            return generated.unsqueeze(-1).to(samples)
        chosen = self.files.choose(random, len(samples), by_seeds=by_seeds)
        sections = self.files.map(self.files.section, chosen)
        longest = max(len(section) for section in sections)
        responses, _ = fitted(sections, longest, samples.shape[2], [self.files.paths[number] for number in chosen])
        return responses.to(samples)

    def get_extra_state(self) -> dict[str, int]:
        """Which file is next, for responses in order."""
        return {"position": 0 if self.files is None else self.files.position}

    def set_extra_state(self, state: Mapping[str, int]) -> None:
        """Go on with the file that was next."""
        if self.files is not None:
            self.files.position = state["position"]

    def extra_repr(self) -> str:
        return f"rir_scale_factor={self.rir_scale_factor}, {len(self.files) if self.files else 'no'} files"
