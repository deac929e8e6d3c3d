import json
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def speechbrain_schedules(speechbrain_layers):
    """SpeechBrain's schedules by case: constructor, inputs, and a table of what each of 50 calls did."""
    return json.loads((speechbrain_layers / "schedulers" / "case.json").read_text())["schedulers"]


@pytest.fixture
def optimizer_at():
    """`optimizer_at(0.1)`: all that a schedule knows of an optimiser."""
    return lambda lr: SimpleNamespace(param_groups=[{"lr": lr}])
