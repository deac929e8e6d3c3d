"""What a fine-tuning reads: the pairs that the survey has written down, and their batches."""

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonovox._internal.files import write_text
from sonovox.data import DynamicBatchSampler, DynamicItemDataset, make_dataloader
from sonovox.finetuning.corpus import Corpus
from sonovox.finetuning.finetuner import read_signal, spell

__all__ = ["PARTS", "batches_of", "datasets", "write_items"]

PARTS = {"train": "train.jsonl", "valid": "dev.jsonl"}
BUCKETS = 12


def write_items(path: Path, items: dict[str, dict[str, Any]]) -> None:
    """Items by id as JSON lines, which `DynamicItemDataset.from_jsonl` reads, wherever the next start is made."""
    rows = ({"id": name, **item, "audio": _absolute(item["audio"])} for name, item in items.items())
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def batches_of(items: Any, batch_seconds: float, *, seed: int, learns: bool) -> DynamicBatchSampler:
    """Batches of recordings of similar length, in random order where they are learnt from.

    Args:
        items: of a dataset, with "duration".
        batch_seconds: of a batch, padding included.
        seed: of the order.
        learns: whether it is for training.
    """
    return DynamicBatchSampler(
        items,
        batch_seconds,
        num_buckets=BUCKETS,
        shuffle=learns,
        batch_ordering="random" if learns else "ascending",
        seed=seed,
    )


def datasets(hparams: dict[str, Any], corpora: dict[str, Corpus]) -> dict[str, Any]:
    """The loaders of a fine-tuning, by the names that `run_experiment` wants.

    Args:
        hparams: of `ctc.yaml`.
        corpora: where the sound of "train" and "valid" is.
    """
    model = hparams["model"]
    loaders = {}
    for part, file in PARTS.items():
        data = DynamicItemDataset.from_jsonl(Path(hparams["output_folder"]) / file)
        sound = functools.partial(_sound_of, corpora[part], model.pretrained.preprocessor.sample_rate)
        data.add_dynamic_item(sound, takes="audio", provides="sig")
        data.add_dynamic_item(functools.partial(spell, vocabulary=model.vocabulary), takes="text", provides="letters")
        data.set_output_keys(["id", "sig", "text", "letters"])
        sampler = batches_of(data, hparams["batch_seconds"], seed=hparams["seed"], learns=part == "train")
        loaders[part] = make_dataloader(
            data,
            batch_sampler=sampler,
            repeat=part == "train",
            seed=hparams["seed"],
            num_workers=hparams["workers"],
            pin_memory=hparams["pin_memory"],
        )
    return loaders


def _absolute(audio: Any) -> Any:
    if isinstance(audio, Mapping):
        return {key: _absolute(value) if key == "file" else value for key, value in audio.items()}
    return os.path.abspath(audio) if isinstance(audio, str | os.PathLike) else audio  # noqa: PTH100, of millions


def _sound_of(corpus: Corpus, sample_rate: int, audio: Any) -> Any:
    return read_signal(corpus.sound(audio), sample_rate)
