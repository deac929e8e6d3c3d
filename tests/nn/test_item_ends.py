import pytest
import torch
import torch.nn.functional as F

from sonovox.nn.item_ends import reflect_at_ends


@pytest.mark.parametrize("amount", [1, 3])
def test_each_item_is_padded_as_it_is_alone(amount):
    x, counts = torch.randn(3, 2, 9), [9, 6, 4]
    y = reflect_at_ends(x, torch.tensor(counts), amount)
    assert y.shape == (3, 2, 9 + 2 * amount)
    for item, count in enumerate(counts):
        alone = F.pad(x[item, :, :count], (amount, amount), mode="reflect")
        torch.testing.assert_close(y[item, :, : count + 2 * amount], alone)


def test_items_too_short_for_a_reflection_show_no_padding():
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]], [[1.0, 2.0, 9.0, 9.0, 9.0]], [[1.0, 9.0, 9.0, 9.0, 9.0]]])
    y = reflect_at_ends(x, torch.tensor([5, 2, 1]), 4)
    assert (y[1:] <= 2).all()
    assert (y[2] == 1).all()
