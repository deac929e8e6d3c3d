"""Training: what its parts cost above the work that any training must do.

Loading: one epoch through DynamicItemDataset, a sampler, SaveableDataLoader and PaddedBatch in the training
process (read, seed, compute, pad, batch), against a loop that only reads the same files with soundfile.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile
from measure import Row, report

from sonovox.data import DynamicBatchSampler, DynamicItemDataset, make_dataloader
from sonovox.io import load

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


def items_of(corpus: str, n: int) -> dict[str, dict[str, Any]]:
    lines = (SHARED / corpus / "manifest.jsonl").read_text().splitlines()[:n]
    known = [json.loads(line) for line in lines]
    return {str(i): {"wav": str(SHARED / corpus / k["audio"]), "duration": k["duration"]} for i, k in enumerate(known)}


def epoch(items: dict[str, dict[str, Any]], batch_size: int | None = None) -> Callable[[], None]:
    """An epoch of batches of so many items, or of 100 seconds."""
    dataset = DynamicItemDataset(items, output_keys=["id", "sig"])
    dataset.add_dynamic_item(lambda wav: load(wav)[0][0], takes="wav", provides="sig")
    if batch_size is None:
        loader = make_dataloader(dataset, batch_sampler=DynamicBatchSampler(dataset, 100.0, num_buckets=20))
    else:
        loader = make_dataloader(dataset, batch_size=batch_size, shuffle=True)

    def work() -> None:
        for batch in loader:
            _ = batch.sig

    return work


def bare(items: dict[str, dict[str, Any]]) -> Callable[[], None]:
    paths = [item["wav"] for item in items.values()]

    def work() -> None:
        for path in paths:
            soundfile.read(path, dtype="float32")

    return work


def loading_rows() -> list[Row]:
    digits, speech = items_of("digits", 400), items_of("librispeech", 50)
    gate = "0.87 (1/1.15)"
    return [
        Row("digits, 400 wav of 0.4 s, 16 in a batch", epoch(digits, 16), {"soundfile": bare(digits)}, gate=gate),
        Row("LibriSpeech, 50 flac, 8 in a batch", epoch(speech, 8), {"soundfile": bare(speech)}, gate=gate),
        Row("LibriSpeech, 50 flac, 100 s in a batch", epoch(speech), {"soundfile": bare(speech)}, gate=gate),
    ]


if __name__ == "__main__":
    report("An epoch of loading", loading_rows())
