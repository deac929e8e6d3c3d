"""Names in descriptions of items, such as `{data_folder}/a.wav`, and what they stand for."""

import re
from collections.abc import Mapping
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import DataError

__all__ = ["Replacements"]

# A name at the start of what must be a path; elsewhere braces and dollars are text.
_OPEN = re.compile(r"(?:\$\{(\w+)\}|\{(\w+)\}|\$(\w+))[/\\]")


class Replacements:
    """Puts values in the place of `{name}`, `$name` and `${name}`, in text, lists and mappings of any depth.

    Args:
        values: name -> what it stands for.

    >>> Replacements({"data_folder": "/data"})({"wav": "{data_folder}/a.wav", "text": "it costs $5"})
    {'wav': '/data/a.wav', 'text': 'it costs $5'}
    """

    def __init__(self, values: Mapping[str, Any] | None) -> None:
        self._values = {name: str(value) for name, value in (values or {}).items()}
        # Longer names first, so that $data_folder is not read as $data.
        names = "|".join(re.escape(name) for name in sorted(self._values, key=len, reverse=True))
        self._pattern = re.compile(rf"\$\{{({names})\}}|\{{({names})\}}|\$({names})(?!\w)") if names else None

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._replaced(value)
        if isinstance(value, list):
            return [self(part) for part in value]
        if isinstance(value, dict):
            return {key: self(part) for key, part in value.items()}
        return value

    def _replaced(self, text: str) -> str:
        if "$" not in text and "{" not in text:
            return text
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._values[match[match.lastindex or 0]], text)
        if match := _OPEN.match(text):
            name = match[match.lastindex or 0]
            raise DataError(
                f"{text!r} needs a replacement for {name!r}, got {', '.join(self._values) or 'none'}",
                hint=did_you_mean(name, self._values) or f'give replacements={{"{name}": "/path/to/it"}}',
            )
        return text
