"""Call what a YAML file names, and tell of wrong arguments in its words."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import HParamsError, SonovoxError
from sonovox.hparams.document import Node, fault, key_path
from sonovox.hparams.limits import LimitExceeded

__all__ = ["Arguments", "call", "check_arguments"]


@dataclass
class Arguments:
    """Values in their order, and by name."""

    args: list[Any]
    kwargs: dict[str, Any]


def check_arguments(function: Callable, name: str, given: Arguments, node: Node, path: str, *, all_: bool) -> None:
    """Refuse arguments that `function` does not take, or does not get (with `all_`).

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


def call(function: Callable, name: str, given: Arguments, node: Node, path: str) -> Any:
    """What `function` returns.

    Raises:
        HParamsError: `function` raised; its error is chained, and told with the place of `node`.
    """
    check_arguments(function, name, given, node, path, all_=True)
    try:
        return function(*given.args, **given.kwargs)
    except HParamsError:
        raise
    except LimitExceeded as error:
        raise fault(
            node.place, path, f"{name}: expected {error}", hint="a file of your own is opened by code="
        ) from None
    except Exception as error:
        said = str(error).strip().partition("\n")[0][:300] or "no reason given"
        kind = "" if isinstance(error, SonovoxError) else f"{type(error).__name__}: "
        raise fault(node.place, path, f"{name} failed: {kind}{said}") from error
