import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import Filterbank
from sonovox.nn.filterbank import band_filters, decibels_of_items


@pytest.mark.parametrize("shape", ["triangular", "rectangular", "gaussian"])
def test_filters_are_symmetric_around_their_centres(shape):
    filters = band_filters(torch.arange(101.0), torch.tensor([50.0]), torch.tensor([7.0]), shape)[:, 0]
    assert torch.equal(filters, filters.flip(0))
    assert filters[50] == 1
    assert filters.max() == 1


def test_trained_filters_start_as_the_fixed_ones():
    spectrum = torch.rand(2, 9, 201)
    torch.testing.assert_close(
        Filterbank(freeze=False, param_change_factor=0.5)(spectrum), Filterbank()(spectrum), rtol=1e-4, atol=1e-3
    )


def test_random_changes_come_in_training_only():
    bank = Filterbank(freeze=False, param_rand_factor=0.1)
    spectrum = torch.rand(1, 4, 201)
    assert not torch.equal(bank(spectrum), bank(spectrum))
    bank.eval()
    assert torch.equal(bank(spectrum), bank(spectrum))


def test_fixed_filters_are_no_part_of_the_state():
    assert list(Filterbank().state_dict()) == []
    assert list(Filterbank(freeze=False).state_dict()) == ["f_central", "band"]


def test_another_precision_gets_filters_of_its_own():
    bank = Filterbank()
    assert bank.filter_bank() is bank.filter_bank()
    assert bank.double().filter_bank().weights.dtype == torch.float64


@pytest.mark.parametrize("gradient", [True, False])
def test_decibels_are_limited_for_each_item(gradient):
    x = torch.tensor([[[1.0, 1e-12]], [[1e-4, 1e-12]]]).requires_grad_(gradient)
    expected = torch.tensor([[[0.0, -30.0]], [[-40.0, -70.0]]])
    torch.testing.assert_close(decibels_of_items(x * 1.0, 10.0, 1e-10, 1.0, 30.0), expected)
    torch.testing.assert_close(decibels_of_items(x * 1.0, 20.0, 1e-10, 0.1, 60.0), 2 * expected + 20)


def test_what_cannot_be_is_refused():
    with pytest.raises(ChoiceError, match="did you mean triangular"):
        Filterbank(filter_shape="triangle")
    with pytest.raises(ArgumentError, match="f_min"):
        Filterbank(f_min=9000)
    with pytest.raises(ArgumentError, match="n_fft // 2"):
        Filterbank()(torch.zeros(1, 3, 129))
