import io

import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.metrics import MetricStats


def absolute(predict, target):
    return (predict - target).abs().flatten(1).mean(1)


PREDICT, TARGET = torch.tensor([[1.0, 2.0], [4.0, 9.0]]), torch.tensor([[1.0, 1.0], [1.0, 1.0]])


def test_batches_are_summarised():
    stats = MetricStats(absolute)
    stats.append(["a", "b"], PREDICT, TARGET)
    stats.append(["c"], predict=TARGET[:1], target=TARGET[:1])
    assert stats.summarize() == {"average": 2.0, "min_score": 0.0, "min_id": "c", "max_score": 5.5, "max_id": "b"}
    assert stats.summarize("max_score") == 5.5


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_items_are_scored_alone_without_their_padding(n_jobs):
    stats = MetricStats(lambda p, t: float((p - t).abs().sum()), n_jobs=n_jobs, batch_eval=False)
    stats.append(["a", "b"], predict=PREDICT, target=TARGET, lengths=torch.tensor([1.0, 0.5]))
    stats.append(["c"], predict=PREDICT[1:], target=TARGET[1:])
    assert stats.scores == [1.0, 3.0, 11.0]


def test_scores_hold_no_gradient():
    stats = MetricStats(absolute)
    stats.append(["a", "b"], PREDICT.clone().requires_grad_(), TARGET)
    assert stats.scores == [0.5, 5.5]


def test_the_file_tells_average_and_extremes(capsys):
    stats, file = MetricStats(absolute), io.StringIO()
    stats.append(["a", "b"], PREDICT, TARGET)
    stats.write_stats(file, verbose=True)
    assert file.getvalue() == "Average score: 3.0\nMin error: 0.5 id: a\nMax error: 5.5 id: b\n"
    assert file.getvalue() in capsys.readouterr().out


def test_the_file_is_about_all_that_was_appended():
    stats, file = MetricStats(absolute), io.StringIO()
    stats.append(["a", "b"], PREDICT, TARGET)
    stats.summarize()
    stats.append(["c"], 9 * TARGET[:1], TARGET[:1])
    stats.write_stats(file)
    assert "Max error: 8.0 id: c" in file.getvalue()


def test_the_state_goes_on():
    stats, other = MetricStats(absolute), MetricStats(absolute)
    stats.append(["a", "b"], PREDICT, TARGET)
    other.load_state_dict(stats.state_dict())
    assert other.summarize() == stats.summarize()


def test_what_cannot_be_meant_is_refused():
    stats = MetricStats(torch.nn.functional.l1_loss)
    with pytest.raises(ArgumentError, match="a score for each of 2 ids, got 1; losses do with reduction='batch'"):
        stats.append(["a", "b"], PREDICT, TARGET)
    with pytest.raises(ArgumentError, match="nothing to summarise; append a batch first"):
        stats.summarize()
    with pytest.raises(ArgumentError, match="n_jobs must be positive"):
        MetricStats(absolute, n_jobs=0)
    stats = MetricStats(absolute)
    stats.append(["a", "b"], PREDICT, TARGET)
    with pytest.raises(ChoiceError, match="did you mean average"):
        stats.summarize("avrage")
