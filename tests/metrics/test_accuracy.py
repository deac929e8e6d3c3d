import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import AccuracyStats
from sonovox.metrics.accuracy import count_correct

SCORES = torch.eye(3)[torch.tensor([[0, 1, 2, 0], [2, 2, 1, 0]])]
TARGETS = torch.tensor([[0, 1, 0, 0], [2, 0, 1, 1]])


def test_batches_add_up():
    stats = AccuracyStats()
    stats.append(SCORES, TARGETS)
    stats.append(SCORES[:, 0], TARGETS[:, 0])
    assert (stats.correct, stats.total, stats.summarize()) == (7, 10, 0.7)


def test_padding_does_not_count():
    assert count_correct(SCORES, TARGETS, torch.tensor([0.5, 0.75])) == (4, 5)


def test_all_steps_count_without_lengths():
    assert count_correct(SCORES, TARGETS) == (5, 8)  # SpeechBrain 1.1.2 divides by 4 here


def test_groups_of_codes_can_have_a_dimension_of_their_own():
    scores, targets = SCORES.unsqueeze(2).expand(2, 4, 5, 3), TARGETS.unsqueeze(2).expand(2, 4, 5)
    assert count_correct(scores, targets, torch.tensor([0.5, 0.75])) == (20, 25)


def test_the_state_goes_on():
    stats, other = AccuracyStats(), AccuracyStats()
    stats.append(SCORES, TARGETS)
    other.load_state_dict(stats.state_dict())
    assert other.summarize() == stats.summarize()


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match="nothing to summarise"):
        AccuracyStats().summarize()
    with pytest.raises(ArgumentError, match=r"got shapes \(2, 4, 3\) and \(2, 3\)"):
        count_correct(SCORES, TARGETS[:, :3])
    with pytest.raises(ArgumentError, match="targets"):
        count_correct(SCORES[:, 0], TARGETS[:, 0], torch.ones(2))
