"""Call what a YAML file names, and tell of wrong arguments in its words."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import HParamsError, SonovoxError
from sonovox.hparams.document import Node, fault, key_path
from sonovox.hparams.limits import LimitExceeded

__all__ = ["Arguments", "Run", "call", "check_arguments"]

_NO_BOUNDS: Mapping[str, int] = {}
# What calls a function with its arguments, such as `Guard.run`.
Run = Callable[[Callable, list[Any], dict[str, Any]], Any]


@dataclass
class Arguments:
    """Values in their order, and by name."""

    args: list[Any]
    kwargs: dict[str, Any]


def check_arguments(
    function: Callable,
    name: str,
    given: Arguments,
    node: Node,
    path: str,
    *,
    all_: bool,
    largest: Mapping[str, int] = _NO_BOUNDS,
) -> None:
    """Refuse arguments that `function` does not take, does not get (with `all_`), or that are too large.

    Raises:
        HParamsError: naming the unknown argument with the nearest known one, or the missing ones.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # C functions without one: the call itself will tell
        return
    parameters = list(signature.parameters.values())
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    in_order = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for key in given.kwargs:
            if key not in named:
                hint = did_you_mean(key[:100], named) or f"it takes {', '.join(named) or 'none'}"
                place = getattr(node, "key_places", {}).get(key, node.place)
                raise fault(place, key_path(path, key), f"{name} has no argument {key[:100]!r}", hint=hint)
    if len(given.args) > len(in_order) and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        message = f"{name} takes at most {len(in_order)} arguments without names, got {len(given.args)}"
        raise fault(node.place, path, message)
    filled = [p.name for p in in_order[: len(given.args)]]
    twice = [key for key in given.kwargs if key in filled]
    if twice:
        raise fault(node.place, path, f"{name} gets {', '.join(twice)} twice: in the list and by name")
    required = [p for p in parameters if p.default is p.empty and p.name in {*named, *(q.name for q in in_order)}]
    missing = [p.name for p in required if p.name not in filled and p.name not in given.kwargs]
    if missing and all_:
        raise fault(node.place, path, f"{name} needs {', '.join(missing)}")
    by_name = {**dict(zip([p.name for p in in_order], given.args, strict=False)), **given.kwargs}
    for key, most in largest.items():
        if isinstance(by_name.get(key), (int, float)) and by_name[key] > most:
            raise fault(node.place, path, f"{name} takes {key} up to {most} here, got {by_name[key]}")


def call(
    function: Callable,
    name: str,
    given: Arguments,
    node: Node,
    path: str,
    *,
    run: Run,
    largest: Mapping[str, int] = _NO_BOUNDS,
) -> Any:
    """What `function` returns, run by `run`.

    Raises:
        HParamsError: `function` raised; its error is chained, and told with the place of `node`.
    """
    check_arguments(function, name, given, node, path, all_=True, largest=largest)
    try:
        return run(function, given.args, given.kwargs)
    except HParamsError:
        raise
    except LimitExceeded as error:
        hint = "load_hparams(..., limits=...) allows more"
        raise fault(node.place, path, f"{name}: expected {error}", hint=hint) from error
    except Exception as error:
        said = str(error).strip().partition("\n")[0][:300] or "no reason given"
        kind = "" if isinstance(error, SonovoxError) else f"{type(error).__name__}: "
        raise fault(node.place, path, f"{name} failed: {kind}{said}") from error
