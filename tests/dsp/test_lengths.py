import pytest
import torch

from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.errors import ArgumentError


def test_a_mask_marks_the_first_steps_of_each_item():
    mask = length_to_mask(torch.tensor([0, 2, 3]), max_len=4, dtype=torch.bool)
    assert mask.tolist() == [[False] * 4, [True, True, False, False], [True, True, True, False]]


def test_a_mask_is_as_long_as_the_longest_item_and_of_its_type():
    mask = length_to_mask(torch.tensor([1.0, 3.0]))
    assert mask.dtype == torch.float32
    assert mask.shape == (2, 3)
    assert length_to_mask(torch.zeros(0, dtype=torch.long)).shape == (0, 0)


def test_lengths_of_a_matrix_are_refused():
    with pytest.raises(ArgumentError, match=r"length must be \(batch,\)"):
        length_to_mask(torch.ones(2, 2))


def test_counts_survive_the_way_to_shares_and_back():
    counts = torch.arange(1, 3001)
    assert torch.equal(lengths_to_counts(counts / 3000, 3000), counts)


def test_counts_never_pass_the_padded_axis():
    assert lengths_to_counts(torch.tensor([1.2, -0.1]), 10).tolist() == [10, 0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_shares_in_half_precision_are_multiplied_in_float32(dtype):
    assert lengths_to_counts(torch.tensor([0.5, 1.0], dtype=dtype), 200002).tolist() == [100001, 200002]


@pytest.mark.parametrize("rounding", ["nearest", "down", "up"])
def test_shares_of_whole_counts_give_them_however_rounded(rounding):
    counts = torch.arange(1, 3001)
    shares = (counts / 3000).float()
    assert torch.equal(lengths_to_counts(shares, 3000, rounding), counts)


def test_a_step_that_has_begun_counts_if_rounded_up_only():
    share = torch.tensor([0.4, 0.6])
    assert lengths_to_counts(share, 3, "down").tolist() == [1, 1]
    assert lengths_to_counts(share, 3).tolist() == [1, 2]
    assert lengths_to_counts(share, 3, "up").tolist() == [2, 2]


def test_a_mask_compiles_and_exports_with_a_given_size():
    class Mask(torch.nn.Module):
        def forward(self, x, lengths):
            return x * length_to_mask(lengths_to_counts(lengths, x.shape[1]), x.shape[1], dtype=x.dtype)

    x, lengths = torch.ones(2, 6), torch.tensor([0.5, 1.0])
    program = torch.export.export(Mask(), (x, lengths), dynamic_shapes=({1: torch.export.Dim.AUTO}, None))
    longer = torch.ones(2, 10)
    torch.testing.assert_close(program.module()(longer, lengths), Mask()(longer, lengths))
