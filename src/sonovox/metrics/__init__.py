"""Metrics: how good a result is."""

from sonovox.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate

__all__ = ["ErrorRate", "character_error_rate", "word_error_rate"]
