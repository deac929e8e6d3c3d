import logging

import pytest

from sonovox.data import PaddedBatch
from sonovox.metrics import ErrorRateStats
from sonovox.training.brain import Brain
from sonovox.training.watching import audio_seconds, batch_ids, gather_metrics, show_examples

QUIET = {"device": "cpu"}


def test_ids_are_found_in_mappings_and_batches():
    assert batch_ids({"id": ["a", 1]}) == ["a", "1"]
    assert batch_ids(PaddedBatch([{"id": "a"}, {"id": "b"}])) == ["a", "b"]
    assert batch_ids([1, 2]) == batch_ids({"id": 3}) == []


def test_seconds_come_from_the_descriptions():
    data = {"a": {"duration": 1.5}, "b": {"duration": 2}, "c": {"duration": "long"}, "d": {}}
    assert audio_seconds({"id": ["a", "b", "c", "d", "e"]}, data) == 3.5
    assert audio_seconds({"id": ["a"]}, None) == 0.0


def filled(ids, outputs, targets):
    stats = ErrorRateStats()
    stats.append(ids, outputs, targets)
    return stats


def test_examples_come_from_a_metric(caplog):
    caplog.set_level(logging.INFO)
    brain = Brain(run_opts=QUIET)
    assert show_examples(brain) == []
    brain.wer = filled(["a", "b", "c", "d"], [["one"], ["too"], [], ["x"]], [["one"], ["two"], ["three"], ["y"]])
    examples = show_examples(brain)
    assert [example["id"] for example in examples] == ["a", "c", "d"]
    assert "d: expected 'y', came 'x'" in caplog.text


def test_metrics_of_all_processes_are_brought_together(monkeypatch):
    brain = Brain(run_opts=QUIET)
    brain.wer = filled(["a"], [["one"]], [["one"]])
    other = filled(["b", "c"], [["too"], ["x"]], [["two"], ["y"]])
    monkeypatch.setattr("sonovox.training.watching.gather_states", lambda state: [state, other.state_dict()])
    gather_metrics(brain)
    assert brain.wer.ids == ["a", "b", "c"]
    assert brain.wer.summarize("error_rate") == pytest.approx(100 * 2 / 3)
