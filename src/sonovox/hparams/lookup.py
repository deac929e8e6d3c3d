"""From a name in a YAML file to what it names: through the tables, and through modules that the caller opened."""

import importlib
import inspect
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from sonovox._internal.checks import did_you_mean
from sonovox.hparams.document import Node, fault
from sonovox.hparams.modules import is_public, public_names
from sonovox.hparams.names import MODEL_NAMES, RECIPE_NAMES, RENAMED_ARGUMENTS

__all__ = ["Named", "Names"]


@dataclass(frozen=True)
class Named:
    """What a name stands for, and how arguments are called that go by other names."""

    name: str
    thing: Any
    renamed: dict[str, str] = field(default_factory=dict)


class Names:
    """What one load may name.

    Args:
        modules: that the caller opened, by the names that the YAML writes; without any, only the table of
            model folders holds.
    """

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self.modules = modules
        self.table = {**MODEL_NAMES, **RECIPE_NAMES} if modules else MODEL_NAMES

    @property
    def is_open(self) -> bool:
        """Whether the caller opened modules of their own to the file."""
        return bool(self.modules)

    def find(self, name: str, node: Node, path: str) -> Named:
        """What `name` stands for.

        Raises:
            HParamsError: with the nearest known name, or why it cannot be imported.
        """
        found = self._in_modules(name)
        if found is not None:
            return Named(name, found[0])
        if name not in self.table:
            raise self._unknown(name, node, path)
        home, _, words = self.table[name].partition(":")
        try:
            thing: Any = importlib.import_module(home)
            for word in words.split("."):
                thing = getattr(thing, word)
        except (ImportError, AttributeError) as error:
            raise fault(node.place, path, f"{name} cannot be used here: {error}") from error
        return Named(name, thing, dict(RENAMED_ARGUMENTS.get(name, {})))

    def module(self, name: str, node: Node, path: str) -> ModuleType:
        """The opened module of this name, for `!module:`."""
        if name not in self.modules:
            hint = did_you_mean(name[:100], self.modules) or "load_hparams(..., code=[module]) opens one"
            raise fault(node.place, path, f"the module {name} is not open to this file", hint=hint)
        return self.modules[name]

    def _in_modules(self, name: str) -> tuple[Any] | None:
        """Public names of an opened module, and from there class methods and classes inside of classes."""
        words = name.split(".")
        if len(words) == 1 and "builtins" in self.modules:  # `sorted` for `builtins.sorted`, as in HyperPyYAML
            words = ["builtins", *words]
        for cut in range(len(words) - 1, 0, -1):
            module = self.modules.get(".".join(words[:cut]))
            if module is None:
                continue
            if not is_public(module, words[cut]):
                return None
            thing = getattr(module, words[cut])
            for word in words[cut + 1 :]:
                if word.startswith("_") or not inspect.isclass(thing) or not hasattr(thing, word):
                    return None
                thing = getattr(thing, word)
                if not (inspect.isclass(thing) or inspect.isroutine(thing)):
                    return None
            return (thing,)
        return None

    def _unknown(self, name: str, node: Node, path: str) -> Exception:
        known = [*self.table, *(f"{m}.{n}" for m, module in self.modules.items() for n in public_names(module))]
        near = did_you_mean(name[:100], known)
        before = name.rpartition(".")[0] + "."
        if near and before != ".":  # only the word that differs, where the module is right
            near = near.replace(f" {before}", " ", 1)
        allowed = (
            "neither in the table of names nor in an opened module" if self.modules else "not in the table of names"
        )
        hint = near or "load_hparams(..., code=[...]) opens modules of your own; see docs/howto/hyperparameters.md"
        if not name.isascii():
            hint = f"it has letters that look like others: {name!a}"
        return fault(node.place, path, f"{name} is {allowed}", hint=hint)
