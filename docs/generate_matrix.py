"""Run every cell of the matrix of properties and write `docs/reference/matrix.md`: `python docs/generate_matrix.py`.

The cases and the checks are those of `tests/dsp/matrix/`, which the tests run cell by
cell; this runs all of them, the slow ones too, and tells what holds where.
"""

import logging
import sys
import warnings
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dsp.matrix.case import Case  # noqa: E402
from dsp.matrix.columns import COLUMNS, Column, reason_against  # noqa: E402
from dsp.matrix.test_matrix import all_cases, of_numbers  # noqa: E402
from sonovox import functional  # noqa: E402
from sonovox.compliance import kaldi  # noqa: E402

HOLDS, FAILS, NOT_APPLICABLE, NOT_RUN = "yes", "**no**", "–", "·"
TARGET = ROOT / "docs" / "reference" / "matrix.md"

HEAD = """# Properties of the operations

One row for each operation with one set of arguments, one column for each property that
[`tests/dsp/matrix/columns.py`](../../tests/dsp/matrix/columns.py) checks. Written by `python docs/generate_matrix.py`.

A transform and the function of its name, such as `RNNTLoss` and `rnnt_loss`, are one row: tests hold that they give
the same numbers. What takes no tensor has no row: {of_numbers}.

yes: it holds. –: it does not apply, for the reason in the footnote. **no**: it does not hold.
·: not run here ({not_run}). TorchScript, which is deprecated, is told of and not counted.

**{holding} of {applicable} applicable cells hold ({percent:.1f} %), of {rows} operations;
{whole} operations hold all of theirs.** (torch {torch}, {device}.)
"""


class Footnotes:
    """Reasons, each numbered at its first use."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def mark(self, reason: str) -> str:
        return f"<sup>{self.numbers.setdefault(reason, len(self.numbers) + 1)}</sup>"


def run(case: Case, column: Column, footnotes: Footnotes) -> str:
    """What to write into a cell."""
    if reason := reason_against(case, column):
        return NOT_APPLICABLE + footnotes.mark(reason)
    if column.device and not torch.cuda.is_available():
        return NOT_RUN
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            column.check(case)
    except Exception as error:
        print(f"{case.name}: {column.name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        return FAILS + ("" if column.report_only else footnotes.mark(f"{type(error).__name__} in this version"))
    return HOLDS


def main() -> None:
    """Run all cells and write the page."""
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    footnotes, lines = Footnotes(), []
    holding = applicable = whole = 0
    for case in all_cases():
        cells = [run(case, column, footnotes) for column in COLUMNS]
        counted = [cell for cell, column in zip(cells, COLUMNS, strict=True) if not column.report_only]
        yes, no = counted.count(HOLDS), sum(cell.startswith(FAILS) for cell in counted)
        holding, applicable, whole = holding + yes, applicable + yes + no, whole + (no == 0)
        lines.append(f"| {case.name} | {' | '.join(cells)} |")
        print(f"{case.name}: {yes} of {yes + no}", flush=True)
    numbers = [*of_numbers(functional), *(f"kaldi.{name}" for name in of_numbers(kaldi))]
    rows = {case.name for case in all_cases()}
    head = HEAD.format(
        of_numbers=", ".join(f"`{name}`" for name in numbers if name not in rows),
        holding=holding,
        applicable=applicable,
        percent=100 * holding / max(1, applicable),
        rows=len(lines),
        whole=whole,
        torch=torch.__version__,
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
        not_run="none" if torch.cuda.is_available() else "CUDA equals CPU needs a GPU",
    )
    names = " | ".join(column.name for column in COLUMNS)
    notes = [f"{number}. {reason}" for reason, number in footnotes.numbers.items()]
    table = [f"| operation | {names} |", "|---" * (len(COLUMNS) + 1) + "|", *lines]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join([head, *table, "", *notes, ""]), encoding="utf-8")
    print(f"{holding} of {applicable} cells hold; wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
