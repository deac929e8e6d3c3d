import pytest
import torch

from sonovox.dsp.transcripts import check_lengths, checked_transcripts


def test_lengths_at_both_ends_pass():
    check_lengths("lengths", torch.tensor([0, 5]), 0, 5)
    check_lengths("lengths", torch.tensor([], dtype=torch.long), 1, 5)
    with pytest.raises(ValueError, match=r"lengths must be from 0 to 5, got \[0, -1\]"):
        check_lengths("lengths", torch.tensor([0, -1]), 0, 5)


@pytest.mark.parametrize("blank", [0, 3])
def test_the_padding_becomes_an_index_that_is_not_the_blank(blank):
    targets = torch.tensor([[1, 2, blank], [2, -100, 99]])
    inside = checked_transcripts(targets, torch.tensor([2, 1]), 4, blank)
    assert inside[0, :2].tolist() == [1, 2]
    assert ((inside >= 0) & (inside < 4) & (inside != blank)).all()
    assert targets[1].tolist() == [2, -100, 99]


def test_a_blank_a_stranger_and_a_length_too_long_are_refused():
    targets = torch.tensor([[1, 2], [2, 0]])
    with pytest.raises(ValueError, match="the blank 0, got it in item 1 at place 1; leave blanks out"):
        checked_transcripts(targets, torch.tensor([2, 2]), 4, 0)
    with pytest.raises(ValueError, match=r"targets must be classes from 0 to 1, got \[0, 1, 2\]"):
        checked_transcripts(targets, torch.tensor([1, 2]), 2, -1)
    with pytest.raises(ValueError, match=r"target_lengths must be from 0 to 2, got \[3, 0\]"):
        checked_transcripts(targets, torch.tensor([3, 0]), 4, 0)
