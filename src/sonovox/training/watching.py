"""What a loop reads off batches and metrics without knowing what the researcher computes."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sonovox.metrics import ErrorRateStats, MetricStats
from sonovox.training.brain_state import stateful_attributes
from sonovox.training.distributed import gather_states, is_main_process

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["audio_seconds", "batch_ids", "gather_metrics", "show_examples"]

logger = logging.getLogger(__name__)
EXAMPLES = 3


def batch_ids(batch: Any) -> list[str]:
    """The ids of the items of a batch, as far as it has any.

    >>> batch_ids({"id": ["a", "b"]})
    ['a', 'b']
    """
    ids = batch.get("id") if isinstance(batch, Mapping) else getattr(batch, "id", None)
    return [str(each) for each in ids] if isinstance(ids, (list, tuple)) else []


def audio_seconds(batch: Any, data: Mapping[str, Any] | None) -> float:
    """Seconds of audio in a batch, by the durations in its dataset's description; 0 where there are none.

    Args:
        batch: whose items.
        data: id -> description of an item.

    >>> audio_seconds({"id": ["a"]}, {"a": {"duration": 2.5}})
    2.5
    """
    if not data:
        return 0.0
    total = 0.0
    for name in batch_ids(batch):
        seconds = data.get(name, {}).get("duration", 0.0)
        total += seconds if isinstance(seconds, (int, float)) else 0.0
    return total


def gather_metrics(brain: "Brain") -> None:
    """Give the metrics of the Brain what those of all processes have seen, so that each summarises the whole."""
    for _, metric in sorted(stateful_attributes(vars(brain)).items()):
        if isinstance(metric, MetricStats):
            states = gather_states(metric.state_dict())
            if len(states) > 1:
                metric.load_state_dict({name: [each for one in states for each in one[name]] for name in states[0]})


def show_examples(brain: "Brain") -> list[dict[str, str]]:
    """Some items of a validation with what was expected and what came, logged; of its first `ErrorRateStats`."""
    stats = [each for each in vars(brain).values() if isinstance(each, ErrorRateStats)]
    if not stats or not is_main_process():
        return []
    metric, count = stats[0], len(stats[0].ids)
    # Spread over the set, which is often sorted.
    places = sorted({(2 * number + 1) * count // (2 * EXAMPLES) for number in range(EXAMPLES)}) if count else []
    examples = [
        {
            "id": str(metric.ids[place]),
            "expected": " ".join(map(str, metric.references[place])),
            "came": " ".join(map(str, metric.hypotheses[place])),
        }
        for place in places
    ]
    for example in examples:
        logger.info("  %(id)s: expected %(expected)r, came %(came)r", example)
    return examples
