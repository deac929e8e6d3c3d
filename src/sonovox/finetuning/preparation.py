"""The look at the data before the first update: what it finds is told, and written down for all starts of the run."""

import json
import logging
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox._internal.files import write_text
from sonovox.finetuning.characters import count_characters
from sonovox.finetuning.corpus import Corpus, LeftOut, open_corpus
from sonovox.finetuning.datasets import PARTS, batches_of, write_items
from sonovox.finetuning.encoder import EncoderDescription, describe_encoder
from sonovox.finetuning.head import HeadChoice, choose_head
from sonovox.finetuning.report import report_line, report_lines, write_left_out
from sonovox.finetuning.settings import FinetuneSettings
from sonovox.finetuning.split import split_items
from sonovox.finetuning.survey import Survey, require_some, survey
from sonovox.training.distributed import number_of_processes

__all__ = ["prepare"]

logger = logging.getLogger(__name__)
RECORD = "finetune.json"


def prepare(settings: FinetuneSettings, *, quiet: bool = False) -> dict[str, Any]:
    """What is known of the data of a run, from the file that an earlier start wrote, or from reading them now.

    Args:
        settings: of the run.
        quiet: show no progress.

    Returns:
        `settings`, the lines of the `report`, `letters`, `keep_head`, `batch_seconds`, `processes` and
        `updates_an_epoch`, as JSON holds them.

    Raises:
        ArgumentError: other settings than those of the run in this folder, or no pairs.
    """
    encoder = describe_encoder(settings.encoder, settings.offline)
    logger.info(report_line("encoder", f"{settings.encoder} ({encoder})"))
    return _begun(settings) or _begin(settings, encoder, quiet=quiet)


def _begun(settings: FinetuneSettings) -> dict[str, Any] | None:
    """What was found out when the run in this folder began, if one has."""
    file = settings.out / RECORD
    if not file.is_file():
        return None
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    others = settings.differences(record["settings"])
    if (now := number_of_processes()) != record["processes"]:
        others.append(f"--nproc-per-node {record['processes']} (now {now})")
    if others:
        raise ArgumentError(
            f"the run in {settings.out} was begun with {', '.join(others)}",
            hint="repeat its command to go on with it, or give another --out",
        )
    logger.info("going on with the run in %s, and with the data as they were read when it began:", settings.out)
    for line in record["report"]:
        logger.info("%s", line)
    return record


def _begin(settings: FinetuneSettings, encoder: EncoderDescription, *, quiet: bool) -> dict[str, Any]:
    """Read the data, tell what was found, and write it down."""
    corpus, found = _read(settings, settings.data, encoder, quiet=quiet)
    watching = None if settings.dev is None else _read(settings, settings.dev, encoder, quiet=quiet)
    head = _choose_head(settings, encoder, [found, *([watching[1]] if watching else [])])
    require_some(found, corpus)
    if watching is None:
        names, dev_names, how = split_items(found.items, settings.dev_share, settings.seed, settings.split)
        dev = {name: found.items[name] for name in dev_names}
        kept = {*names, *dev_names}
        found.left_out += [
            LeftOut(name, "of another split", item["split"]) for name, item in found.items.items() if name not in kept
        ]
    else:
        require_some(watching[1], watching[0])
        names, dev, how = list(found.items), watching[1].items, f"of {watching[0].description}"
        found.add_notes(watching[1])
    parts = {"train": {name: found.items[name] for name in names}, "dev": dev}
    report = report_lines(corpus.description, found, parts, how, encoder.preprocessor.sample_rate)
    report.append(report_line("head", head.reason))
    for line in report:
        logger.info("%s", line)
    if find_spec("matplotlib") is None:
        logger.info(report_line("curves", "are not drawn: pip install 'sonovox[plot]'"))
    texts = {f"{part} {name}": item["text"] for part, items in parts.items() for name, item in items.items()}
    record = {
        "settings": settings.as_plain(),
        "report": report,
        "keep_head": head.is_kept,
        "letters": sorted(count_characters(texts)),
        **_batches(settings, parts),
    }
    write_items(settings.out / PARTS["train"], parts["train"])
    write_items(settings.out / PARTS["valid"], dev)
    write_left_out(settings.out / "left_out.jsonl", found.left_out)
    # The last of them: with it the run has begun.
    write_text(settings.out / RECORD, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    return record


def _read(settings: FinetuneSettings, data: Any, encoder: EncoderDescription, *, quiet: bool) -> tuple[Corpus, Survey]:
    corpus = open_corpus(data, text_column=settings.text_column, audio_column=settings.audio_column)
    found = survey(corpus, settings.normalize, settings.max_seconds, encoder.frames, quiet=quiet)
    require_some(found, corpus)
    return corpus, found


def _choose_head(settings: FinetuneSettings, encoder: EncoderDescription, surveys: list[Survey]) -> HeadChoice:
    """Decide about the head, and bring the texts into its letters where it is kept."""
    texts = {f"{number} {name}": item["text"] for number, one in enumerate(surveys) for name, item in one.items.items()}
    head = choose_head(encoder, texts, settings.keep_head)
    for number, one in enumerate(surveys if head.is_kept else []):
        for name, item in list(one.items.items()):
            item["text"] = head.case(item["text"])
            if lacking := head.lacking.get(f"{number} {name}"):
                one.left_out.append(LeftOut(name, "text with characters that the head lacks", " ".join(lacking)))
                del one.items[name]
    return head


def _batches(settings: FinetuneSettings, parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Their size, a hundred updates an epoch where little data is there, and how many updates they make."""
    lengths = {name: [item["duration"] for item in items.values()] for name, items in parts.items()}
    longest = max(map(max, lengths.values()))  # a batch holds one recording at least
    wanted = settings.batch_seconds or min(100.0, max(8.0, sum(lengths["train"]) / 100))
    if settings.batch_seconds is not None and longest > wanted:
        logger.info(report_line("batches", f"{longest:.1f} s, the longest recording, instead of {wanted:g} s"))
    seconds, processes = float(max(wanted, longest)), number_of_processes()
    batches = len(batches_of(list(parts["train"].values()), seconds, seed=settings.seed, learns=True))
    if processes > 1:
        told = f"learn from a batch of {seconds:g} s each at a time, {processes * settings.accumulate} to an update"
        logger.info(report_line("processes", f"{processes}, which {told}"))
    updates = -(-batches // (settings.accumulate * processes))
    return {"batch_seconds": seconds, "updates_an_epoch": updates, "processes": processes}
