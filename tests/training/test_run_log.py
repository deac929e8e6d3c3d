import json
import threading

import numpy as np
import torch

from sonovox.training.run_log import RunLog


def test_events_are_lines_of_json(tmp_path):
    log = RunLog(tmp_path / "new" / "log.jsonl")
    log.write("epoch", loss=torch.tensor(0.5), rate=np.float32(0.25), bad=float("nan"), ids=("a", "ä"))
    (event,) = log.read()
    assert event.pop("time") > 1.7e9
    assert event == {"event": "epoch", "loss": 0.5, "rate": 0.25, "bad": "nan", "ids": ["a", "ä"]}


def test_a_torn_line_of_a_killed_run_harms_nothing(tmp_path):
    path = tmp_path / "log.jsonl"
    log = RunLog(path)
    log.write("one")
    with path.open("a") as file:
        file.write('{"event": "tw')
    log.write("three")
    assert [event["event"] for event in log.read()] == ["one", "three"]


def test_threads_do_not_mix_their_lines(tmp_path):
    log = RunLog(tmp_path / "log.jsonl")
    threads = [
        threading.Thread(target=lambda n=n: [log.write("x", n=n, pad="y" * 500) for _ in range(20)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert len(lines) == len([json.loads(line) for line in lines]) == 80


def test_without_a_path_nothing_is_written():
    log = RunLog(None)
    log.write("epoch")
    assert log.read() == []
