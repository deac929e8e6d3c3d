"""Embeddings of recordings for a command: each is heard once, with its doubts, a bar, and no stop at a bad file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.errors import SonovoxError
from sonovox.cli.console import as_sonovox_error, note, print_error
from sonovox.cli.inputs import Input
from sonovox.cli.progress import progress_of

if TYPE_CHECKING:
    from torch import Tensor

    from sonovox.inference.speaker import SpeakerRecognition

__all__ = ["DEFAULT_MODEL", "Listening"]

# ECAPA-TDNN trained on VoxCeleb 1 and 2; it has a copy in the package index.
DEFAULT_MODEL = "speechbrain/spkrec-ecapa-voxceleb"


class Listening:
    """The recordings whose voices are wanted.

    The headers of all files are read at once, so that nobody waits for a model to hear that a file is missing.

    Args:
        recordings: by the names of their voices.
        model: a source of a model folder; empty for `DEFAULT_MODEL`.
        device: as of `choose_device`; empty for the best.
        offline: use the cache only.
        quiet: no progress and no doubts.

    Attributes:
        failures: of the recordings that could not be heard, by the same names.
    """

    def __init__(self, recordings: Mapping[str, Path], *, model: str, device: str, offline: bool, quiet: bool) -> None:
        from sonovox.inference.device import choose_device
        from sonovox.io import info

        self.recordings, self.model, self.offline, self.quiet = recordings, model or DEFAULT_MODEL, offline, quiet
        self.device = choose_device(device or None)
        self.failures: dict[str, SonovoxError] = {}
        self.durations: dict[Input, float] = {}
        for name, path in recordings.items():
            try:
                self.durations[Input(path, Path(name))] = info(path).duration
            except Exception as error:  # one bad file does not stop the others, whatever is wrong with it
                self.failures[name] = as_sonovox_error(error, place=str(path))

    def voices(self, *, normalize: bool = False) -> "Iterator[tuple[str, Tensor]]":
        """Names and embeddings, `(features,)`, of all recordings but those that fail.

        Args:
            normalize: as for `EncoderClassifier.encode_batch`.

        Raises:
            SonovoxError: the model cannot be had, or knows no speakers.
        """
        from sonovox.inference.mono_audio import mono_blocks
        from sonovox.inference.voice_doubts import voice_doubts

        if not self.durations:
            return
        recognition = self._recognition()
        with progress_of(self.durations, quiet=self.quiet) as progress:
            for item, duration in list(self.durations.items()):
                progress.begin(item, duration)
                try:
                    if not self.quiet:
                        blocks = mono_blocks(item.path, None, recognition.sample_rate)
                        for doubt in voice_doubts(blocks, recognition.sample_rate):
                            progress.note(f"{item.path}: {doubt}")
                    embedding = recognition.encode_file(item.path, normalize=normalize)
                except Exception as error:
                    self.failures[str(item.stem)] = as_sonovox_error(error, place=str(item.path))
                    progress.skip(item)
                    continue
                progress.reached(duration)
                yield str(item.stem), embedding.flatten().cpu()

    def report(self, *, debug: bool) -> None:
        """Say what failed, and why."""
        if self.failures and len(self.recordings) > 2:
            note(f"{len(self.failures)} of {len(self.recordings)} recordings failed:")
        for failure in self.failures.values():
            print_error(failure, debug=debug)

    def _recognition(self) -> "SpeakerRecognition":
        from sonovox.inference.speaker import SpeakerRecognition

        return SpeakerRecognition.from_hparams(
            self.model,
            offline=True if self.offline else None,
            progress=False if self.quiet else None,
            run_opts={"device": self.device},
        )
