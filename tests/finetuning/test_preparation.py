import json
import logging

import pytest

from sonovox._internal.errors import ArgumentError
from sonovox.finetuning import FinetuneSettings
from sonovox.finetuning.preparation import prepare
from sonovox.training import distributed


def settings(encoder, data, tmp_path, **options):
    return FinetuneSettings(str(encoder), str(data), tmp_path / "out", **options)


def test_what_was_found_stands_in_the_folder_and_is_not_looked_for_again(encoder, data, tmp_path, caplog):
    caplog.set_level(logging.INFO, "sonovox")
    wanted = settings(encoder, data, tmp_path, batch_seconds=1.0, accumulate=2)
    record = prepare(wanted, quiet=True)
    assert record["letters"] == ["a", "b", "c"]
    assert (record["batch_seconds"], record["processes"], record["keep_head"]) == (1.0, 1, False)
    rows = [json.loads(line) for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]
    # At least as many batches as seconds, two of them to an update.
    assert record["updates_an_epoch"] >= sum(row["duration"] for row in rows) / 2
    (data / "00.wav").unlink()
    assert prepare(wanted, quiet=True) == record
    assert "going on with the run" in caplog.text


def test_recordings_are_found_from_any_folder(encoder, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepare(settings(encoder, "data", tmp_path), quiet=True)
    row = json.loads((tmp_path / "out" / "train.jsonl").read_text().splitlines()[0])
    assert row["audio"].startswith(str(tmp_path))


def test_a_run_goes_on_with_as_many_processes(encoder, data, tmp_path, monkeypatch):
    prepare(settings(encoder, data, tmp_path), quiet=True)
    monkeypatch.setattr("sonovox.finetuning.preparation.number_of_processes", lambda: 2)
    with pytest.raises(ArgumentError, match=r"begun with --nproc-per-node 1 \(now 2\)"):
        prepare(settings(encoder, data, tmp_path), quiet=True)


def test_several_processes_share_the_batches(encoder, data, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "sonovox")
    one = prepare(FinetuneSettings(str(encoder), str(data), tmp_path / "one", batch_seconds=1.0), quiet=True)
    monkeypatch.setattr("sonovox.finetuning.preparation.number_of_processes", lambda: 2)
    two = prepare(settings(encoder, data, tmp_path, batch_seconds=1.0), quiet=True)
    assert two["updates_an_epoch"] == -(-one["updates_an_epoch"] // 2)
    assert "processes   2, which learn from a batch of 1 s each at a time, 2 to an update" in caplog.text
    assert distributed.number_of_processes() == 1
