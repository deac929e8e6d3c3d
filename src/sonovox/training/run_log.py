"""What happened in a run, one JSON object a line, as it happens."""

import json
import math
import time
from pathlib import Path
from typing import Any

from sonovox._internal.files import append_line

__all__ = ["RunLog"]


class RunLog:
    """A file of events: epochs, checkpoints that are safe on disk, steps left out, items in quarantine.

    Lines are appended whole and at once, so a killed run leaves at most a torn last
    line. Without a path nothing is written.

    Args:
        path: `log.jsonl` in the folder of the run, or None.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = Path(path) if path is not None else None

    def write(self, event: str, **values: Any) -> None:
        """Append one event; values that JSON lacks become text."""
        if self.path is None:
            return
        line = json.dumps({"event": event, "time": round(time.time(), 3), **_plain(values)}, ensure_ascii=False)
        append_line(self.path, line)

    def read(self) -> list[dict[str, Any]]:
        """All events so far; a line that a kill has torn is passed over."""
        if self.path is None or not self.path.exists():
            return []
        events = []
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return events


def _plain(value: Any) -> Any:
    """`value` in what JSON knows; NaN and infinity, which it does not, as text."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (int, str)) or value is None:
        return value
    try:
        return _plain(float(value))  # tensors and numpy numbers
    except (TypeError, ValueError):
        return str(value)
