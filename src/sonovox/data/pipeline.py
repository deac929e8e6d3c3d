"""A pipeline computes the asked keys of an item, and nothing that they do not need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError, ItemError, SonovoxError, UnknownKeyError
from sonovox.data.dynamic_items import DynamicItem, Keys, as_dynamic_item

__all__ = ["Cache", "DataPipeline", "as_mapping"]

OutputKeys: TypeAlias = str | Iterable[str] | Mapping[str, str]
Plan: TypeAlias = list[tuple[DynamicItem, int]]  # what to run in this order, and how many of its groups


class Cache(Protocol):
    """Where computed values are kept; see `sonovox.data.item_cache`."""

    keys: frozenset[str]

    def get(self, item_id: str, key: str) -> tuple[bool, Any]:
        """Whether the value is there, and the value."""

    def put(self, item_id: str, key: str, value: Any) -> None:
        """Keep a value."""


class DataPipeline:
    """Functions that compute keys of an item from other keys, run in the order in which they depend on each other.

    A provided key hides a static one of the same name from everybody but the function that provides it; so
    a function may take "words" and provide "words".

    Args:
        static_data_keys: keys that the items have.
        dynamic_items: decorated functions, or mappings of func, takes and provides.
        output_keys: keys to compute; a mapping renames them (name in the output -> key).

    >>> pipeline = DataPipeline(
    ...     ["text"],
    ...     [{"func": str.lower, "takes": "text", "provides": "low"},
    ...      {"func": len, "takes": "low", "provides": "size"}],
    ...     output_keys=["low", "size"],
    ... )
    >>> pipeline.compute_outputs({"text": "Hello"})
    {'low': 'hello', 'size': 5}
    """

    def __init__(
        self,
        static_data_keys: Iterable[str],
        dynamic_items: Iterable[Any] | None = None,
        output_keys: OutputKeys | None = None,
    ) -> None:
        self.static_keys: set[str] = set(static_data_keys)
        self.output_mapping: dict[str, str] = {}
        self.cache: Cache | None = None
        self._providers: dict[str, DynamicItem] = {}
        self._plans: dict[tuple[tuple[str, ...], frozenset[str]], Plan] = {}
        self.add_dynamic_items(dynamic_items or ())
        self.set_output_keys(output_keys or ())

    @property
    def dynamic_items(self) -> list[DynamicItem]:
        """The functions, in the order in which they were added."""
        return list(dict.fromkeys(self._providers.values()))

    def add_static_keys(self, static_keys: Iterable[str]) -> None:
        """Tell of further keys that the items have."""
        self.static_keys |= {static_keys} if isinstance(static_keys, str) else set(static_keys)
        self._plans.clear()

    def add_dynamic_items(self, dynamic_items: Iterable[Any]) -> None:
        """Add several functions; see `add_dynamic_item`."""
        for item in dynamic_items:
            self.add_dynamic_item(item)

    def add_dynamic_item(
        self,
        func: Callable[..., Any] | Mapping[str, Any],
        takes: Keys | None = None,
        provides: Iterable[Keys] | None = None,
    ) -> None:
        """Add a function.

        Args:
            func: a decorated function; or a plain one with `takes` and `provides`; or a mapping of the three.
            takes: a key, or keys.
            provides: a key, or keys.

        Raises:
            ArgumentError: it provides nothing, or a key that another function provides.
        """
        item = as_dynamic_item(func, takes, provides)
        for key in item.keys:
            if key == "id":
                raise ArgumentError(f'{item.name} cannot provide "id", which names the item', hint="choose another key")
            if key in self._providers:
                raise ArgumentError(
                    f"{item.name} provides {key!r}, which {self._providers[key].name} provides already",
                    hint="choose another key, or start from a new dataset",
                )
        self._providers |= dict.fromkeys(item.keys, item)
        self._plans.clear()

    def set_output_keys(self, keys: OutputKeys) -> None:
        """Choose what `compute_outputs` computes: keys, or a mapping of names in the output to keys."""
        self.output_mapping = as_mapping(keys)

    def compute_outputs(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The output keys of one item, of which `data` are the static values; see `compute_specific`."""
        return self._compute(self.output_mapping, data)

    def compute_specific(self, keys: OutputKeys, data: Mapping[str, Any]) -> dict[str, Any]:
        """The asked keys of one item.

        Args:
            keys: to compute; a mapping renames them.
            data: static values of the item.

        Raises:
            UnknownKeyError: a key that nothing provides.
            ArgumentError: functions that wait for each other.
            ItemError: a function failed; names the item (where `data` has "id"), the key and the function.
        """
        return self._compute(as_mapping(keys), data)

    def get_selected_node_ids(self, selected_keys: OutputKeys) -> list[str]:
        """What would run for these keys, in its order: the first key that each function provides."""
        plan = self._plan(tuple(as_mapping(selected_keys).values()), frozenset())
        return [item.keys[0] for item, _ in plan]

    def copy(self) -> "DataPipeline":
        """Another pipeline of the same functions and output keys; changes of one do not reach the other."""
        other = DataPipeline(self.static_keys, self.dynamic_items, self.output_mapping)
        other.cache = self.cache
        return other

    def _compute(self, mapping: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
        values = self._cached_values(data) if self.cache else {}
        given = frozenset(values)
        for item, count in self._plan(tuple(mapping.values()), given):
            arguments = [
                values[key] if self._providers.get(key, item) is not item else self._static(data, key, item)
                for key in item.takes
            ]
            try:
                computed = item.compute(arguments, count)
            except Exception as error:
                raise _item_error(item, count, data, error) from error
            # What came from the cache stays what it is.
            values |= computed if not given else {key: v for key, v in computed.items() if key not in given}
            if self.cache and "id" in data:
                for key in self.cache.keys & computed.keys() - given:
                    self.cache.put(data["id"], key, computed[key])
        return {
            name: values[key] if key in self._providers else self._static(data, key, None)
            for name, key in mapping.items()
        }

    def _cached_values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if self.cache is None or "id" not in data:
            return {}
        looked_up = {key: self.cache.get(data["id"], key) for key in self.cache.keys if key in self._providers}
        return {key: value for key, (is_there, value) in looked_up.items() if is_there}

    def _plan(self, keys: tuple[str, ...], given: frozenset[str]) -> Plan:
        plan = self._plans.get((keys, given))
        if plan is None:
            plan = self._plans[keys, given] = self._make_plan(keys, given)
        return plan

    def _make_plan(self, keys: tuple[str, ...], given: frozenset[str]) -> Plan:
        counts: dict[DynamicItem, int] = {}
        done: list[DynamicItem] = []

        def visit(key: str, path: tuple[DynamicItem, ...]) -> None:
            if key in given:
                return
            item = self._providers.get(key)
            if item is None or (path and item is path[-1]):  # a function that takes what it provides: the static one
                self._check_static(key, path)
                return
            if item in path:
                circle = [*path[path.index(item) :], item]
                raise ArgumentError(
                    f"{key!r} depends on itself: {' needs '.join(step.name for step in circle)}",
                    hint="take one of the keys from elsewhere",
                )
            counts[item] = max(counts.get(item, 0), item.yields_for(key))
            if item not in done:
                for taken in item.takes:
                    visit(taken, (*path, item))
                done.append(item)

        for key in keys:
            visit(key, ())
        return [(item, counts[item]) for item in done]

    def _check_static(self, key: str, path: tuple[DynamicItem, ...]) -> None:
        if key in self.static_keys or key == "id":
            return
        known = sorted(self.static_keys | self._providers.keys())
        taker = f"{path[-1].name} takes {key!r}" if path else f"{key!r} is an output key"
        raise UnknownKeyError(
            f"{taker}, which the items do not have and nothing provides; there are {', '.join(known)}",
            hint=did_you_mean(str(key), known),
        )

    def _static(self, data: Mapping[str, Any], key: str, taker: DynamicItem | None) -> Any:
        try:
            return data[key]
        except KeyError:
            item_id = str(data.get("id", ""))
            asked = f", which {taker.name} takes" if taker else ""
            raise ItemError(
                f"item {item_id!r} has no {key!r}{asked}; it has {', '.join(map(str, data))}",
                hint="other items have it; correct the item, or leave it out with filtered_sorted",
                item_id=item_id,
                key=key,
                function=taker.name if taker else "",
            ) from None


def as_mapping(keys: OutputKeys) -> dict[str, str]:
    """Names in the output -> keys."""
    if isinstance(keys, Mapping):
        return dict(keys)
    return {key: key for key in ([keys] if isinstance(keys, str) else keys)}


def _item_error(item: DynamicItem, count: int, data: Mapping[str, Any], error: Exception) -> ItemError:
    item_id = str(data.get("id", ""))
    keys = item.keys if count == len(item.provides) else DynamicItem(item.func, (), item.provides[:count]).keys
    said = error.message if isinstance(error, SonovoxError) else f"{type(error).__name__}: {error}"
    return ItemError(
        f"item {item_id!r}: {item.name} could not compute {', '.join(map(repr, keys))}: {said}",
        hint=error.hint if isinstance(error, SonovoxError) else "",
        item_id=item_id,
        key=keys[0],
        function=item.name,
    )
