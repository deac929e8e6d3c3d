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


@pytest.fixture
def table_of(optimizer_at):
    """`table_of(cls, case, call)`: what our schedule does where SpeechBrain's made the table of `case`."""

    def compute(cls, case, call=lambda scheduler, optimizer, k: scheduler(optimizer)):
        scheduler, optimizer = cls(**case["kwargs"]), optimizer_at(case["initial_opt_lr"])
        rows = []
        for row in case["table"]:
            returned = call(scheduler, optimizer, row["k"])
            rows.append({"k": row["k"], "returned": returned, "lr": optimizer.param_groups[0]["lr"]})
        return rows

    return compute


@pytest.fixture
def assert_same_rows():
    """Compare rows of tables: 1e-9 relative, as the same float64 formula may be written in another order."""

    def check(ours, theirs):
        for name in ("lr", "returned"):
            for our, their in zip(ours, theirs, strict=True):
                expected = their[name] if their[name] is None else pytest.approx(their[name], rel=1e-9, abs=1e-12)
                assert (list(our[name]) if isinstance(our[name], tuple) else our[name]) == expected, our["k"]

    return check


@pytest.fixture
def goes_on_exactly(optimizer_at):
    """Check that a schedule stopped in the middle and restored from JSON does what an unbroken one does."""

    def check(make, call=lambda scheduler, optimizer, k: scheduler(optimizer), steps=30):
        def run(scheduler, optimizer, ks):
            return [(call(scheduler, optimizer, k), optimizer.param_groups[0]["lr"]) for k in ks]

        whole = run(make(), optimizer_at(0.3), range(steps))
        first, optimizer = make(), optimizer_at(0.3)
        begun = run(first, optimizer, range(steps // 2))
        second = make()
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert begun + run(second, optimizer, range(steps // 2, steps)) == whole

    return check
