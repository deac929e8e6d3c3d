"""What a fine-tuning is asked to do, checked before torch is imported and before anything is fetched."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, WriteError
from sonovox.hub.sources import HubSource, LocalSource, parse_source

__all__ = ["FinetuneSettings"]

NORMALISERS = ("letters", "basic", "none")
SPLITS = ("auto", "speaker", "recording")
PRECISIONS = ("fp32", "bf16", "fp16")
MANIFESTS = (".csv", ".tsv", ".jsonl", ".json")
DEFAULT_RANK = 16
# name -> smallest and largest value, and whether the smallest itself is too small.
_RANGES: dict[str, tuple[float, float, bool]] = {
    "dev_share": (0, 0.9, True),
    "epochs": (1, float("inf"), False),
    "batch_seconds": (0, float("inf"), True),
    "accumulate": (1, float("inf"), False),
    "lora_rank": (1, 4096, False),
    "learning_rate": (0, 1, True),
    "encoder_learning_rate": (0, 1, False),
    "freeze_updates": (0, float("inf"), False),
    "mask_time": (0, 1, False),
    "max_seconds": (0.1, float("inf"), False),
    "workers": (0, 256, False),
}
# What may differ when a run goes on: where it runs, and how long.
_FREE = ("device", "epochs", "offline", "out", "workers")


@dataclass(frozen=True)
class FinetuneSettings:
    """All that decides a fine-tuning.

    Args:
        encoder: a folder, `hf:owner/name` or bare `owner/name` of a wav2vec 2.0, HuBERT or WavLM model, or the folder
            of an earlier fine-tuning.
        data: a folder of sound files with their text, a CSV, TSV, JSON or JSON lines file, a Kaldi directory, a
            Hugging Face data set on disk, `hf:owner/name[:config[:split]]`, or such a data set itself.
        out: folder of the run.
        dev: the data to watch the training with, in one of these forms; by default a part of `data`.
        text_column: of a table or data set; found by its name by default.
        audio_column: likewise.
        normalize: of the text: `"letters"` (lower case, without punctuation), `"basic"` (that, and apostrophes
            become spaces), `"none"`.
        dev_share: of the pairs, that watch the training.
        split: `"recording"` draws single recordings for that, `"speaker"` all those of some speakers, `"auto"`
            does the latter where ten speakers or more are known.
        max_seconds: longer recordings are left out; memory grows with the square of their length.
        epochs: how often each pair is seen.
        batch_seconds: of sound in a batch, padding included; by default a hundredth of all, from 8 to 100 s.
        accumulate: batches to one update.
        keep_head: True keeps the layer for the letters that the encoder has, and leaves out texts with characters that
            it cannot write; False makes a new one; by default it is kept where it can write all texts.
        lora: learn adapters (LoRA) beside the layers of the encoder, which stay as they are.
        lora_rank: of them; 16 by default. With it, `lora` need not be given.
        learning_rate: of the head; by default 1e-3 for a new one, 1e-4 for one that is kept.
        encoder_learning_rate: of the encoder, by default 1e-4, or of its adapters, 1e-3; 0 leaves it as it is.
        freeze_updates: updates in which only the head learns; by default a tenth of all for a new one, else none.
        freeze_feature_extractor: whether the convolutions of the encoder stay as they are.
        mask_time: share of the frames that is masked in training (SpecAugment), overlaps counted twice.
        precision: `"fp32"`, `"bf16"` or `"fp16"`; by default bf16 on a GPU that has it, else fp32.
        device: as of `Brain`; by default a GPU where there is one.
        workers: processes that read sound; by default 4 with a GPU, else none.
        seed: of all random numbers.
        offline: use models of the cache only.

    Raises:
        ArgumentError: a value out of its range, or a folder or file that is not there.
        ChoiceError: an unknown choice.
        HubError: the words for the encoder name no source.
        WriteError: `out` cannot be written.
    """

    encoder: str
    data: Any
    out: Path
    dev: Any = None
    text_column: str = ""
    audio_column: str = ""
    normalize: str = "letters"
    dev_share: float = 0.1
    split: str = "auto"
    max_seconds: float = 30.0
    epochs: int = 20
    batch_seconds: float | None = None
    accumulate: int = 1
    keep_head: bool | None = None
    lora: bool = False
    lora_rank: int | None = None
    learning_rate: float | None = None
    encoder_learning_rate: float | None = None
    freeze_updates: int | None = None
    freeze_feature_extractor: bool = True
    mask_time: float = 0.2
    precision: str | None = None
    device: str | None = None
    workers: int | None = None
    seed: int = 0
    offline: bool | None = None

    def __post_init__(self) -> None:
        check_choice("normalize", self.normalize, NORMALISERS)
        check_choice("split", self.split, SPLITS)
        if self.precision is not None:
            check_choice("precision", self.precision, PRECISIONS)
        for name, (least, most, is_open) in _RANGES.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not least <= value <= most or (is_open and value == least):
                bounds = f"above {least:g}" if is_open else f"at least {least:g}"
                limit = "" if most == float("inf") else f" and at most {most:g}"
                raise ArgumentError(f"{name} must be {bounds}{limit}, got {value:g}")
        if (Path(self.encoder) / "model" / "config.json").is_file():  # the folder of another run
            object.__setattr__(self, "encoder", str(Path(self.encoder) / "model"))
        self._check_encoder()
        if self.adapter_rank and (self.encoder_learning_rate == 0 or not self.freeze_feature_extractor):
            other = "--encoder-learning-rate 0" if self.freeze_feature_extractor else "--train-feature-extractor"
            raise ArgumentError(f"--lora and {other} exclude each other", hint="leave out one of them")
        _check_data(self.data)
        if self.dev is not None:
            _check_data(self.dev)
        _check_out(self.out)

    @property
    def adapter_rank(self) -> int:
        """Of LoRA; 0 without it."""
        return self.lora_rank or (DEFAULT_RANK if self.lora else 0)

    def _check_encoder(self) -> None:
        source = parse_source(self.encoder)
        if not isinstance(source, HubSource | LocalSource) or (isinstance(source, HubSource) and source.path):
            raise ArgumentError(
                f"encoder must be a folder or a repository, got {self.encoder}", hint="such as facebook/wav2vec2-base"
            )
        if isinstance(source, LocalSource) and not (source.path / "config.json").is_file():
            raise ArgumentError(
                f"{self.encoder} holds no config.json", hint="give the folder of a Hugging Face model, or owner/name"
            )

    def as_plain(self) -> dict[str, Any]:
        """All values as JSON holds them; a data set in memory by its size and fingerprint."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**values, "data": _plain(self.data), "dev": _plain(self.dev), "out": str(self.out)}

    def differences(self, former: dict[str, Any]) -> list[str]:
        """What `former`, of `as_plain` of the run in the same folder, has otherwise, as words of the command line.

        >>> one = FinetuneSettings("facebook/wav2vec2-base", ".", Path("out"))
        >>> one.differences({**one.as_plain(), "seed": 1, "epochs": 3})
        ['--seed 1 (now 0)']
        """
        now = self.as_plain()
        return [
            f"{_word(name)} {_told(former[name])} (now {_told(value)})"
            for name, value in now.items()
            if name not in _FREE and former.get(name, value) != value
        ]


def _word(field: str) -> str:
    return {"encoder": "the encoder", "data": "the data"}.get(field, f"--{field.replace('_', '-')}")


def _told(value: Any) -> str:
    return "left out" if value is None else str(value)


def _plain(data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, str | os.PathLike):
        words = os.fspath(data)
        return words if words.startswith("hf:") or not Path(words).exists() else str(Path(words).resolve())
    return f"{type(data).__name__} of {len(data)} rows {getattr(data, '_fingerprint', '')}".strip()


def _check_data(data: Any) -> None:
    if not isinstance(data, str | os.PathLike):
        return  # a data set in memory
    words = os.fspath(data)
    path = Path(words).expanduser()
    if words.startswith("hf:") or path.is_dir():
        return
    if not path.exists():
        is_name = words.count("/") == 1 and not words.startswith((".", "/", "~"))
        hint = f"for the data set of that name on the hub, write hf:{words}" if is_name else "is the path right?"
        raise ArgumentError(f"there is no folder or file {words}", hint=hint)
    if path.suffix.lower() not in MANIFESTS:
        raise ArgumentError(
            f"{words} is no list of recordings: its ending is {path.suffix or 'none'}",
            hint=f"a list ends with {' or '.join(MANIFESTS)}; or give the folder of the recordings",
        )


def _check_out(out: Path) -> None:
    existing = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise WriteError(f"cannot write into {out}: {existing} is a file", hint="choose another --out")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise WriteError(f"cannot write into {out}: {existing} is read-only", hint="choose another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / "finetune.json").exists():
        others = sorted(path.name for path in out.iterdir())[:5]
        # A start that was killed while it read the data leaves nothing but this.
        if others != ["log.txt"]:
            raise ArgumentError(
                f"{out} holds something else: {', '.join(others)}", hint="give a folder of its own with --out"
            )
