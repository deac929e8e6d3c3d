import pytest
import torch

from sonovox.dsp.masking import FrequencyMasking, SpecAugment, TimeMasking, mask_along_axis, mask_along_axis_iid


def widths(masked, axis):
    """Length of the stretch that was masked along the axis, for each item of ones."""
    other = -1 if axis == -2 else -2
    gone = masked.ne(1.0)
    assert torch.equal(gone.any(other), gone.all(other)), "a mask covers the other axis whole"
    line = gone.any(other).int()
    assert (line.diff(dim=-1).clamp(min=0).sum(-1) + line[..., 0]).max() <= 1, "a mask is one stretch"
    return line.sum(-1)


@pytest.mark.parametrize("axis", [-2, -1])
def test_lengths_are_uniform_below_the_parameter(axis):
    torch.manual_seed(0)
    found = widths(mask_along_axis_iid(torch.ones(4000, 30, 40), 8, 0.0, axis), axis)
    counts = torch.bincount(found, minlength=8)
    assert len(counts) == 8  # 0 to 7, as torchaudio's
    assert counts.min() > 400  # 500 are expected of each, with a deviation of 21


def test_one_mask_for_all_or_one_for_each():
    torch.manual_seed(0)
    ones = torch.ones(16, 2, 30, 40)
    same, own = mask_along_axis(ones, 20, 0.0, 3), mask_along_axis_iid(ones, 20, 0.0, 3)
    assert all(torch.equal(item, same[0, 0]) for item in same.flatten(0, 1))
    assert len({tuple(item[0].tolist()) for item in own.flatten(0, 1)}) > 20


def test_p_limits_the_mask_to_a_part_of_the_axis():
    torch.manual_seed(0)
    assert widths(mask_along_axis_iid(torch.ones(500, 30, 40), 100, 0.0, -1, p=0.2), -1).max() == 7
    assert torch.equal(mask_along_axis(torch.ones(30, 40), 10, 0.0, -1, p=0.0), torch.ones(30, 40))


def test_modules_mask_their_axis_with_the_value_given():
    torch.manual_seed(0)
    ones = torch.ones(50, 30, 40)
    for module, axis in ((FrequencyMasking(20, True), -2), (TimeMasking(20, True), -1)):
        masked = module(ones, -2.0)
        assert widths(masked, axis).max() > 10
        assert set(masked.unique().tolist()) == {-2.0, 1.0}


def test_spec_augment_writes_the_mean_of_each_item_or_zero():
    torch.manual_seed(0)
    specgram = torch.rand(3, 30, 40)
    for zero, values in ((False, specgram.mean((-2, -1))), (True, torch.zeros(3))):
        augmented = SpecAugment(2, 10, 2, 8, zero_masking=zero)(specgram)
        for item, original, value in zip(augmented, specgram, values, strict=True):
            changed = item[item != original]
            assert len(changed) > 0
            torch.testing.assert_close(changed, value.expand_as(changed))


def test_the_gradient_passes_where_nothing_is_masked():
    torch.manual_seed(0)
    specgram = torch.ones(30, 40, requires_grad=True)
    masked = mask_along_axis(specgram, 20, 0.0, -1)
    masked.sum().backward()
    assert torch.equal(specgram.grad, masked.detach())


def test_arguments_that_cannot_be_used_are_named():
    with pytest.raises(ValueError, match=r"one of the last two of specgram, got 0 for shape \(2, 30, 40\)"):
        mask_along_axis(torch.ones(2, 30, 40), 5, 0.0, 0)
    with pytest.raises(ValueError, match=r"mask_param must not be negative and p must be 0 to 1, got 5 and 1.5"):
        mask_along_axis(torch.ones(30, 40), 5, 0.0, -1, p=1.5)
