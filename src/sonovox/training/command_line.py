"""Words of a command line: options of the run, and overrides of the YAML file."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from sonovox._internal.errors import ArgumentError
from sonovox.hparams import parse_overrides

__all__ = ["split_words"]


def split_words(words: Iterable[str] | None, options: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The YAML file, the options that were given, and the overrides.

    Args:
        words: `sys.argv[1:]` when None. The first that is no option is the YAML file.
        options: names of options with their types; those of type bool may stand without a value.

    Raises:
        ArgumentError: no YAML file, an option without its value, or a word that belongs to nothing.

    >>> split_words(["a.yaml", "--debug", "--precision=bf16", "--lr", "1e-4"], {"debug": bool, "precision": str})
    ('a.yaml', {'debug': True, 'precision': 'bf16'}, {'lr': 0.0001})
    """
    rest = list(sys.argv[1:] if words is None else words)
    file = ""
    given: dict[str, Any] = {}
    overrides: list[str] = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            if file:
                raise ArgumentError(
                    f"{word!r} belongs to no option", hint=f"the YAML file is {file}; others look like --lr 1e-4"
                )
            file = word
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        has_next = bool(rest) and not rest[0].startswith("--")
        key = name.replace("-", "_")
        if key not in options:
            overrides.append(word)
            if not equals and has_next:
                overrides.append(rest.pop(0))
        elif options[key] is bool:
            if not equals and has_next and rest[0].lower() in ("true", "false"):
                value = rest.pop(0)
            given[key] = _value(key, value, bool) if value else True
        elif equals or has_next:
            given[key] = _value(key, value if equals else rest.pop(0), options[key])
        else:
            raise ArgumentError(f"--{name} needs a value", hint=f"--{name} VALUE or --{name}=VALUE")
    if not file:
        raise ArgumentError("no YAML file was given", hint="the first word is its path: hparams/train.yaml --lr 1e-4")
    return file, given, parse_overrides(overrides)


def _value(name: str, word: str, kind: Any) -> Any:
    if kind is str:
        return word
    try:
        return float(word) if kind is float else yaml.safe_load(word)
    except (ValueError, yaml.YAMLError) as error:
        raise ArgumentError(f"--{name} cannot be {word!r}") from error
