"""What somebody is told about their data before the training begins."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sonovox._internal.files import write_text
from sonovox.finetuning.characters import count_characters, odd_characters, visible
from sonovox.finetuning.corpus import LeftOut
from sonovox.finetuning.survey import Survey

__all__ = ["report_line", "report_lines", "write_left_out"]

NAMED = 5  # of what is left out for one reason
SHOWN = 12  # odd characters
WIDTH = 12


def report_lines(
    description: str, found: Survey, parts: Mapping[str, Mapping[str, Mapping[str, Any]]], how: str, sample_rate: int
) -> list[str]:
    """Lines about pairs, hours, what is left out, resampling and characters.

    Args:
        description: where the data are from.
        found: by the survey.
        parts: "train" and "dev" -> items.
        how: the split was made.
        sample_rate: of the encoder.
    """
    sizes = {name: (len(items), sum(item["duration"] for item in items.values())) for name, items in parts.items()}
    train, dev = sizes["train"], sizes["dev"]
    split = f"{train[0]:,} to learn from ({_time(train[1])}), {dev[0]:,} dev ({_time(dev[1])}), {how}"
    lines = [
        report_line("data", description),
        report_line("pairs", f"{train[0] + dev[0]:,}, {_time(train[1] + dev[1])} of sound"),
        report_line("split", split),
    ]
    lines += _left_out_lines(found.left_out)
    if others := {rate: count for rate, count in found.rates.items() if rate != sample_rate}:
        told = ", ".join(f"{count:,} of {rate} Hz" for rate, count in sorted(others.items()))
        lines.append(report_line("resampled", f"to {sample_rate} Hz as they are read: {told}"))
    if found.several_channels:
        lines.append(report_line("channels", f"averaged where there are several: {found.several_channels:,}"))
    if found.dropped:
        told = " ".join(f"{visible(character)} ({count})" for character, count in found.dropped.most_common(SHOWN))
        lines.append(report_line("not learnt", f"{told}{' …' if len(found.dropped) > SHOWN else ''}"))
    texts = {name: item["text"] for items in parts.values() for name, item in items.items()}
    letters = count_characters(texts)
    shown = " ".join(map(visible, sorted(letters)[:100])) + (" …" if len(letters) > 100 else "")
    lines.append(report_line("characters", f"{len(letters)}: {shown}"))
    odd = odd_characters(texts)
    lines += [report_line("odd" if number == 0 else "", str(each)) for number, each in enumerate(odd[:SHOWN])]
    if len(odd) > SHOWN:
        lines.append(report_line("", f"and {len(odd) - SHOWN} more"))
    if odd:
        lines.append(report_line("", "they are learnt as they are; mend the texts where they are mistakes"))
    return lines


def write_left_out(path: Path, left_out: Iterable[LeftOut]) -> None:
    """Everything that is left out with its reason, as JSON lines."""
    lines = [json.dumps({"name": left.name, "reason": left.kind, "detail": left.detail}) + "\n" for left in left_out]
    write_text(path, "".join(lines))


def _left_out_lines(left_out: Iterable[LeftOut]) -> list[str]:
    by_kind: dict[str, list[LeftOut]] = {}
    for left in left_out:
        by_kind.setdefault(left.kind, []).append(left)
    lines: list[str] = []
    for kind, several in by_kind.items():
        named = [f"{left.name} ({_short(left.detail)})" if left.detail else left.name for left in several[:NAMED]]
        more = ", …" if len(several) > NAMED else ""
        count = "1" if len(several) == 1 else f"{len(several):,} ×"
        lines.append(report_line("" if lines else "left out", f"{count} {kind}: {', '.join(named)}{more}"))
    if any(len(several) > NAMED for several in by_kind.values()):
        lines.append(report_line("", "left_out.jsonl names them all"))
    return lines


def report_line(title: str, text: str) -> str:
    """A line with its title in a column of its own.

    >>> report_line("encoder", "wav2vec2")
    'encoder     wav2vec2'
    """
    return f"{title:<{WIDTH}}{text}"


def _short(detail: str) -> str:
    detail = " ".join(detail.split())
    return detail if len(detail) <= 90 else f"{detail[:88]} …"


def _time(seconds: float) -> str:
    """As much as tells: 12 s, 7.3 min, 41.2 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
