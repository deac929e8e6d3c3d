"""Metrics: how good a result is."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "ErrorRate",
    "ErrorRateStats",
    "MetricStats",
    "character_error_rate",
    "word_error_rate",
]

if TYPE_CHECKING:
    from sonovox.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate
    from sonovox.metrics.error_rate_stats import ErrorRateStats
    from sonovox.metrics.metric_stats import MetricStats

__getattr__ = lazy_names(
    __name__,
    {
        "ErrorRate": "sonovox.metrics.error_rate",
        "ErrorRateStats": "sonovox.metrics.error_rate_stats",
        "MetricStats": "sonovox.metrics.metric_stats",
        "character_error_rate": "sonovox.metrics.error_rate",
        "word_error_rate": "sonovox.metrics.error_rate",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
