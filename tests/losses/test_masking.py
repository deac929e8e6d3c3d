import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.losses import compute_masked_loss, reduce_loss, truncate
from sonovox.losses.masking import can_look_at_values, check_lengths_are_shares, steps_mask

LOSS = torch.arange(12.0).reshape(2, 3, 2)
LENGTH = torch.tensor([1.0, 1 / 3])
KEPT = [0.0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("mean", sum(KEPT) / 8), ("sum", sum(KEPT)), ("batchmean", sum(KEPT) / 2), ("batch", [15 / 6, 13 / 2])],
)
def test_padded_steps_count_nothing(reduction, expected):
    spoilt = LOSS.clone()
    spoilt[1, 1:] = float("nan")
    torch.testing.assert_close(reduce_loss(spoilt, LENGTH, reduction), torch.tensor(expected))


def test_without_reduction_padding_is_zero():
    assert reduce_loss(LOSS, LENGTH, "none").flatten().tolist() == [*KEPT, 0, 0, 0, 0]


def test_items_without_time_have_their_own_loss():
    loss = torch.tensor([1.0, 5.0])
    assert torch.equal(reduce_loss(loss, None, "batch"), loss)
    assert reduce_loss(loss) == 3.0


def test_an_item_without_steps_costs_nothing():
    assert reduce_loss(LOSS, torch.tensor([1.0, 0.0]), "batch").tolist() == [2.5, 0.0]


def test_a_function_of_predictions_and_targets_is_reduced():
    loss = compute_masked_loss(lambda a, b: a - b, LOSS, torch.zeros_like(LOSS), LENGTH, reduction="sum")
    assert loss == sum(KEPT)


def test_a_mask_fits_the_loss():
    assert steps_mask(LOSS, LENGTH).shape == (2, 3, 1)
    assert steps_mask(LOSS, None) is None


def test_lengths_must_be_shares():
    with pytest.raises(ArgumentError, match=r"length must be shares of the padded axis, from 0 to 1, got \[3.0, 1.0\]"):
        reduce_loss(LOSS, LENGTH * 3)
    with pytest.raises(ArgumentError, match="length must be one share an item"):
        check_lengths_are_shares("length", LENGTH, 3)
    check_lengths_are_shares("length", torch.tensor([1.0 + 1e-7]), 1)


def test_values_are_not_looked_at_while_a_program_is_traced():
    seen = []
    torch.vmap(lambda x: seen.append(can_look_at_values()) or x)(LENGTH)
    assert (seen, can_look_at_values()) == ([False], True)


def test_a_misspelt_reduction_is_told():
    with pytest.raises(ChoiceError, match="did you mean batchmean"):
        reduce_loss(LOSS, LENGTH, "batch_mean")


def test_truncation_cuts_the_longer_one():
    a, b = truncate(torch.zeros(1, 5), torch.zeros(1, 7, 2))
    assert (a.shape, b.shape) == ((1, 5), (1, 5, 2))
    with pytest.raises(ArgumentError, match="differ by at most 3 steps, got 1 and 9"):
        truncate(torch.zeros(1, 1), torch.zeros(1, 9))
