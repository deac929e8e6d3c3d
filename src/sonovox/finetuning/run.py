"""A fine-tuning from the first look at the data to a model that transcribes."""

import contextlib
import functools
import os
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox.finetuning.corpus import sound_source
from sonovox.finetuning.datasets import datasets
from sonovox.finetuning.finetuner import FineTuner
from sonovox.finetuning.preparation import prepare
from sonovox.finetuning.result import write_result
from sonovox.finetuning.settings import FinetuneSettings
from sonovox.training.distributed import default_device, is_main_process, join_processes, main_first
from sonovox.training.experiment import run_experiment

__all__ = ["finetune", "run_finetuning"]

NEW_HEAD_RATE, KEPT_HEAD_RATE = 1e-3, 1e-4
ENCODER_RATE, ADAPTER_RATE = 1e-4, 1e-3


def finetune(
    encoder: str | os.PathLike[str], data: Any, out: str | os.PathLike[str], *, quiet: bool = False, **settings: Any
) -> Path:
    """Teach a pretrained encoder to write, from recordings and their text; the folder of the run.

    `out/model` is the model: `load_recogniser(out)`, `sonovox transcribe --model out` and transformers open it.
    Called once more with the same arguments it goes on where it stopped, exactly. What is told on the way goes
    through `logging`.

    Args:
        encoder: a folder or repository of a wav2vec 2.0, HuBERT or WavLM model.
        data: recordings and their text; see `FinetuneSettings`, as for all others.
        out: folder of the run.
        quiet: no progress.
        settings: further fields of `FinetuneSettings`, such as `epochs=5`.

    Raises:
        ArgumentError: settings that cannot be, other ones than those of the run in `out`, or no pairs in the data.
        DataError: lists that are not in their format.
        HubError: the encoder cannot be had.
        TrainingInterruptedError: a signal came; the same call goes on.
    """
    wanted = FinetuneSettings(os.fspath(encoder), data, Path(out), **settings)
    return run_finetuning(wanted, quiet=quiet)


def run_finetuning(settings: FinetuneSettings, *, quiet: bool = False) -> Path:
    """`finetune`, with its settings in one. Under `torchrun` all processes make the same call."""
    join_processes("nccl", default_device(settings.device))
    with contextlib.ExitStack() as held:

        def begin() -> dict[str, Any]:
            held.enter_context(_alone_in(settings.out))
            return prepare(settings, quiet=quiet)

        record = main_first(begin)
        columns = {"text_column": settings.text_column, "audio_column": settings.audio_column}
        train = sound_source(settings.data, **columns)
        dev = train if settings.dev is None else sound_source(settings.dev, **columns)
        with as_file(files("sonovox.finetuning") / "ctc.yaml") as template:
            brain = run_experiment(
                template,
                brain=FineTuner,
                datasets=functools.partial(datasets, corpora={"train": train, "valid": dev}),
                run_opts={"device": settings.device, "noprogressbar": quiet},
                overrides=_overrides(settings, record),
                code=["sonovox.finetuning"],
            )
        # All processes find the best checkpoint together; the first one writes.
        best = brain.checkpointer.recover_if_possible(min_key="error")
        if is_main_process():
            write_result(brain, best, settings, record)
    return settings.out


@contextlib.contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Refuse to work where another run is at work."""
    from filelock import FileLock, Timeout

    # Beside the folder, so that an empty one stays empty when the data cannot be used.
    lock = FileLock(out.absolute().with_name(f".{out.name}.lock"), timeout=0)
    Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except Timeout as error:
        raise ArgumentError(
            f"another process is at work in {out}", hint="wait for it, or give another --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _overrides(settings: FinetuneSettings, record: dict[str, Any]) -> dict[str, Any]:
    device = default_device(settings.device)
    head_rate = settings.learning_rate or (KEPT_HEAD_RATE if record["keep_head"] else NEW_HEAD_RATE)
    encoder_rate = settings.encoder_learning_rate
    if encoder_rate is None:
        encoder_rate = ADAPTER_RATE if settings.adapter_rank else ENCODER_RATE
    total = max(2, settings.epochs * record["updates_an_epoch"])
    usual = 0 if record["keep_head"] else total // 10
    freeze = usual if settings.freeze_updates is None else settings.freeze_updates
    warmup, hold = max(1, total // 10), 4 * total // 10
    return {
        "seed": settings.seed,
        "output_folder": str(settings.out),
        "encoder": str(Path(settings.encoder).resolve()) if Path(settings.encoder).is_dir() else settings.encoder,
        "letters": record["letters"],
        "mask_time": settings.mask_time,
        "freeze_feature_extractor": settings.freeze_feature_extractor,
        "offline": settings.offline,
        "keep_head": record["keep_head"],
        "lora_rank": settings.adapter_rank,
        "number_of_epochs": settings.epochs,
        "batch_seconds": record["batch_seconds"],
        "grad_accumulation_factor": settings.accumulate,
        "precision": settings.precision or _precision_for(device),
        "workers": (4 if device.type == "cuda" else 0) if settings.workers is None else settings.workers,
        "pin_memory": device.type == "cuda",
        "total_updates": total,
        "freeze_updates": freeze if encoder_rate > 0 else 0,
        "learning_rate": head_rate,
        "encoder_learning_rate": encoder_rate,
        "warmup_updates": warmup,
        "hold_updates": hold,
        "decay_updates": max(1, total - warmup - hold),
    }


def _precision_for(device: Any) -> str:
    import torch

    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
