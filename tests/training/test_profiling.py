import json

import torch

from sonovox.training.profiling import profiler


def test_a_trace_of_the_steps_is_written(tmp_path):
    with profiler(tmp_path / "new" / "profile.json", warmup=1, steps=2) as step:
        for _ in range(5):
            torch.ones(10, 10) @ torch.ones(10, 10)
            step()
    events = json.loads((tmp_path / "new" / "profile.json").read_text())["traceEvents"]
    assert sum(event.get("name") == "aten::mm" for event in events) == 2


def test_without_it_nothing_happens(tmp_path):
    with profiler(tmp_path / "profile.json", warmup=1, steps=2, enabled=False) as step:
        step()
    assert list(tmp_path.iterdir()) == []
