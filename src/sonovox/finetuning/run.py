"""A fine-tuning from the first look at the data to a model that transcribes."""

import functools
import json
import logging
import os
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text
from sonovox.finetuning.characters import count_characters
from sonovox.finetuning.corpus import Corpus, LeftOut, open_corpus
from sonovox.finetuning.datasets import PARTS, batches_of, datasets, write_items
from sonovox.finetuning.encoder import EncoderDescription, describe_encoder
from sonovox.finetuning.finetuner import FineTuner
from sonovox.finetuning.model_card import model_card
from sonovox.finetuning.report import report_lines, write_left_out
from sonovox.finetuning.settings import FinetuneSettings
from sonovox.finetuning.split import split_items
from sonovox.finetuning.survey import Survey, require_some, survey
from sonovox.models.wav2vec2.pretrained import save_wav2vec2
from sonovox.training.experiment import run_experiment

if TYPE_CHECKING:
    from sonovox.training import Brain

__all__ = ["finetune", "run_finetuning"]

logger = logging.getLogger(__name__)
RECORD = "finetune.json"
MODEL = "model"


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
    """`finetune`, with its settings in one."""
    from filelock import FileLock, Timeout

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ArgumentError("a fine-tuning runs in one process", hint="start it without torchrun")
    description = describe_encoder(settings.encoder, settings.offline)
    # Beside the folder, so that an empty one stays empty when the data cannot be used.
    lock = settings.out.absolute().with_name(f".{settings.out.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            return _run(settings, description, quiet=quiet)
    except Timeout as error:
        raise ArgumentError(
            f"another process is at work in {settings.out}", hint="wait for it, or give another --out"
        ) from error


def _run(settings: FinetuneSettings, description: EncoderDescription, *, quiet: bool) -> Path:
    logger.info("%-12s%s (%s)", "encoder", settings.encoder, description)
    corpora = _corpora(settings)
    record = _begun(settings) or _begin(settings, description, corpora, quiet=quiet)
    with as_file(files("sonovox.finetuning") / "ctc.yaml") as template:
        run_experiment(
            template,
            brain=FineTuner,
            datasets=functools.partial(datasets, corpora=corpora),
            finish=functools.partial(_finish, settings=settings, record=record),
            run_opts={"device": settings.device, "noprogressbar": quiet},
            overrides=_overrides(settings, record),
            code=["sonovox.finetuning"],
        )
    return settings.out


def _corpora(settings: FinetuneSettings) -> dict[str, Corpus]:
    columns = {"text_column": settings.text_column, "audio_column": settings.audio_column}
    train = open_corpus(settings.data, **columns)
    return {"train": train, "valid": train if settings.dev is None else open_corpus(settings.dev, **columns)}


def _begun(settings: FinetuneSettings) -> dict[str, Any] | None:
    """What was found out when the run in this folder began, if one has."""
    file = settings.out / RECORD
    if not file.is_file():
        return None
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if others := settings.differences(record["settings"]):
        raise ArgumentError(
            f"the run in {settings.out} was begun with {', '.join(others)}",
            hint="repeat its command to go on with it, or give another --out",
        )
    logger.info("going on with the run in %s, and with the data as they were read when it began:", settings.out)
    for line in record["report"]:
        logger.info("%s", line)
    return record


def _begin(
    settings: FinetuneSettings, encoder: EncoderDescription, corpora: dict[str, Corpus], *, quiet: bool
) -> dict[str, Any]:
    """Read the data, tell what was found, and write it down for this start and all others."""
    look = functools.partial(
        survey,
        normalize=settings.normalize,
        max_seconds=settings.max_seconds,
        frames_of=encoder.frames,
        quiet=quiet,
    )
    found = look(corpora["train"])
    require_some(found, corpora["train"])
    if settings.dev is None:
        names, dev_names, how = split_items(found.items, settings.dev_share, settings.seed, settings.split)
        dev = {name: found.items[name] for name in dev_names}
        kept = {*names, *dev_names}
        found.left_out += [
            LeftOut(name, "of another split", item["split"]) for name, item in found.items.items() if name not in kept
        ]
    else:
        watching = look(corpora["valid"])
        require_some(watching, corpora["valid"])
        names, dev, how = list(found.items), watching.items, f"of {corpora['valid'].description}"
        _add(found, watching)
    parts = {"train": {name: found.items[name] for name in names}, "dev": dev}
    report = report_lines(corpora["train"].description, found, parts, how, encoder.preprocessor.sample_rate)
    for line in report:
        logger.info("%s", line)
    if find_spec("matplotlib") is None:
        logger.info("%-12s%s", "curves", "are not drawn: pip install 'sonovox[plot]'")
    longest = max(item["duration"] for items in parts.values() for item in items.values())
    batch_seconds = _batch_seconds(settings, sum(item["duration"] for item in parts["train"].values()), longest)
    texts = {f"{part} {name}": item["text"] for part, items in parts.items() for name, item in items.items()}
    batches = len(batches_of(list(parts["train"].values()), batch_seconds, seed=settings.seed, learns=True))
    record = {
        "settings": settings.as_plain(),
        "report": report,
        "letters": sorted(count_characters(texts)),
        "batch_seconds": batch_seconds,
        "updates_an_epoch": -(-batches // settings.accumulate),
    }
    write_items(settings.out / PARTS["train"], parts["train"])
    write_items(settings.out / PARTS["valid"], dev)
    write_left_out(settings.out / "left_out.jsonl", found.left_out)
    # The last of them: with it the run has begun.
    write_text(settings.out / RECORD, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    return record


def _add(found: Survey, other: Survey) -> None:
    found.left_out += other.left_out
    found.rates += other.rates
    found.several_channels += other.several_channels
    found.dropped += other.dropped


def _batch_seconds(settings: FinetuneSettings, total: float, longest: float) -> float:
    """A hundred updates an epoch where little data is there, and never less than the longest recording."""
    wanted = settings.batch_seconds or min(100.0, max(8.0, total / 100))
    if settings.batch_seconds is not None and longest > wanted:
        logger.info("%-12s%.1f s, the longest recording, instead of %g s", "batches", longest, wanted)
    return float(max(wanted, longest))


def _overrides(settings: FinetuneSettings, record: dict[str, Any]) -> dict[str, Any]:
    from sonovox.training.distributed import default_device

    device = default_device(settings.device)
    total = max(2, settings.epochs * record["updates_an_epoch"])
    freeze = total // 10 if settings.freeze_updates is None else settings.freeze_updates
    warmup, hold = max(1, total // 10), 4 * total // 10
    return {
        "seed": settings.seed,
        "output_folder": str(settings.out),
        "encoder": str(Path(settings.encoder).resolve()) if Path(settings.encoder).is_dir() else settings.encoder,
        "letters": record["letters"],
        "mask_time": settings.mask_time,
        "freeze_feature_extractor": settings.freeze_feature_extractor,
        "offline": settings.offline,
        "number_of_epochs": settings.epochs,
        "batch_seconds": record["batch_seconds"],
        "grad_accumulation_factor": settings.accumulate,
        "precision": settings.precision or _precision_for(device),
        "workers": (4 if device.type == "cuda" else 0) if settings.workers is None else settings.workers,
        "pin_memory": device.type == "cuda",
        "total_updates": total,
        "freeze_updates": freeze if settings.encoder_learning_rate > 0 else 0,
        "learning_rate": settings.learning_rate,
        "encoder_learning_rate": settings.encoder_learning_rate,
        "warmup_updates": warmup,
        "hold_updates": hold,
        "decay_updates": max(1, total - warmup - hold),
    }


def _precision_for(device: Any) -> str:
    import torch

    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def _finish(brain: "Brain", settings: FinetuneSettings, record: dict[str, Any]) -> None:
    """Write the model of the best epoch, and say how to use it."""
    best = brain.checkpointer.recover_if_possible(min_key="error")
    pretrained = brain.hparams.model.pretrained
    results = {name: best.meta[name] for name in ("WER", "CER", "epoch")}
    card = model_card(settings, record, results)
    folder = settings.out / MODEL
    save_wav2vec2(
        folder, pretrained.model, pretrained.config, pretrained.preprocessor, pretrained.vocabulary, card=card
    )
    write_text(settings.out / "results.json", json.dumps(results, indent=1) + "\n")
    logger.info(
        "%-12sepoch %d: %.2f %% of the words of dev wrong, %.2f %% of the characters",
        "best", results["epoch"], results["WER"], results["CER"],
    )  # fmt: skip
    if results["CER"] == 100:
        logger.warning("the model writes nothing right; docs/howto/finetune.md says what may help")
    logger.info("%-12s%s, which transformers opens too", "model", folder)
