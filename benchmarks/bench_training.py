"""Training: what its parts cost above the work that any training must do.

Loading: one epoch through DynamicItemDataset, a sampler, SaveableDataLoader and PaddedBatch in the training
process (read, seed, compute, pad, batch), against a loop that only reads the same files with soundfile.

Steps: an epoch of a Brain against a bare loop over the same batches with the same modules: once with next to
nothing to compute, which shows what a step costs above it, and once with features, a CRDNN, and a loss.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile
import torch
from measure import Row, median_seconds, report
from torch import nn

from sonovox.data import DynamicBatchSampler, DynamicItemDataset, PaddedBatch, make_dataloader
from sonovox.io import load
from sonovox.models import CRDNN
from sonovox.nn import Fbank, InputNormalization
from sonovox.training import Brain

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


def kept(items: dict[str, dict[str, Any]], batch_size: int) -> Callable[[], None]:
    """As `bare`, but the signals of a batch live together, as they must in a batch: their memory is new each time."""
    paths = [item["wav"] for item in items.values()]

    def work() -> None:
        for start in range(0, len(paths), batch_size):
            _ = [soundfile.read(path, dtype="float32") for path in paths[start : start + batch_size]]

    return work


def loading_rows() -> list[Row]:
    digits, speech = items_of("digits", 400), items_of("librispeech", 50)
    gate = "0.87 (1/1.15)"

    def peers(items: dict[str, dict[str, Any]], batch_size: int) -> dict[str, Callable[[], None]]:
        return {"soundfile": bare(items), "kept": kept(items, batch_size)}

    return [
        Row("digits, 400 wav, 16 in a batch", epoch(digits, 16), peers(digits, 16), gate=gate),
        Row("LibriSpeech, 50 flac, 8 in a batch", epoch(speech, 8), peers(speech, 8), gate=gate),
        Row("LibriSpeech, 50 flac, 100 s in a batch", epoch(speech), peers(speech, 14), gate=gate),
    ]


class Small(Brain):
    """Next to nothing to compute."""

    def compute_forward(self, batch: Any, stage: Any) -> Any:
        return self.modules.model(batch)

    def compute_objectives(self, predictions: Any, batch: Any, stage: Any) -> Any:
        return predictions.square().mean()


class Speech(Brain):
    """Features, an encoder, a loss."""

    def compute_forward(self, batch: Any, stage: Any) -> Any:
        features = self.modules.normalize(self.modules.features(batch.sig[0]), batch.sig[1])
        return self.modules.encoder(features)

    def compute_objectives(self, predictions: Any, batch: Any, stage: Any) -> Any:
        return predictions.square().mean()


def trained(brain: Brain, batches: list[Any]) -> Callable[[], None]:
    return lambda: brain.fit(range(1), batches, train_loader_kwargs={"batch_size": None})


def bare_loop(modules: nn.ModuleDict, loss_of: Callable[[Any], Any], batches: list[Any]) -> Callable[[], None]:
    """What any training does, over the same loader: loss, gradient, clipping, a step, a running average."""
    parameters = list(modules.parameters())

    def work() -> None:
        optimizer = torch.optim.Adam(parameters, 1e-4)
        modules.train()
        average = 0.0
        for step, batch in enumerate(make_dataloader(batches, batch_size=None), start=1):
            loss = loss_of(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            optimizer.zero_grad()
            average += (loss.item() - average) / step

    return work


def adam(parameters: Any) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, 1e-4)


def step_overhead_ms(steps: int = 500) -> float:
    batches = [torch.randn(4, 8) for _ in range(steps)]
    brain = Small({"model": nn.Linear(8, 8)}, adam, run_opts={"noprogressbar": True, "device": "cpu"})
    model = nn.ModuleDict({"model": nn.Linear(8, 8)})
    works = {
        "brain": trained(brain, batches),
        "bare loop": bare_loop(model, lambda batch: model["model"](batch).square().mean(), batches),
    }
    took = median_seconds(works)
    return 1e3 * (took["brain"] - took["bare loop"]) / steps


def whole_step_row() -> Row:
    def modules() -> dict[str, nn.Module]:
        torch.manual_seed(0)
        encoder = CRDNN(input_size=40, cnn_channels=[16, 32], rnn_layers=1, rnn_neurons=64, dnn_neurons=64)
        return {"features": Fbank(), "normalize": InputNormalization(), "encoder": encoder}

    signals = [{"id": str(n), "sig": torch.randn(16000 + 200 * n)} for n in range(8)]
    batches = [PaddedBatch(signals[start : start + 4]) for start in (0, 4)]
    brain = Speech(modules(), adam, run_opts={"noprogressbar": True, "device": "cpu"})
    bare_modules = nn.ModuleDict(modules())

    def loss_of(batch: Any) -> Any:
        features = bare_modules["normalize"](bare_modules["features"](batch.sig[0]), batch.sig[1])
        return bare_modules["encoder"](features).square().mean()

    peers = {"bare loop": bare_loop(bare_modules, loss_of, batches)}
    return Row("2 steps of a CRDNN, 4x1.2 s", trained(brain, batches), peers, gate="0.95 (1/1.05)")


if __name__ == "__main__":
    report("An epoch of loading", loading_rows())
    report("Whole steps", [whole_step_row()])
    print(f"a step costs {step_overhead_ms():.3f} ms above a bare loop; gate 0.05")
