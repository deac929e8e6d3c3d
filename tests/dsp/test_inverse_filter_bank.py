import pytest
import torch

from sonovox.dsp.inverse_filter_bank import InverseFilterBank


def test_the_inverse_is_moore_and_penroses():
    filters = torch.rand(9, 4)
    bank, features = InverseFilterBank(filters), torch.rand(2, 4, 3)
    wanted = (torch.linalg.pinv(filters).t() @ features).relu()
    torch.testing.assert_close(bank.bins_of("features", features, "n_filters"), wanted)


def test_the_inverse_follows_the_filters_and_is_not_saved():
    bank, other = InverseFilterBank(torch.rand(9, 4)), InverseFilterBank(torch.rand(9, 4))
    bank.load_state_dict(other.state_dict())
    torch.testing.assert_close(bank.inverse, other.inverse)
    assert list(other.state_dict()) == ["fb"]


def test_integers_and_other_numbers_of_filters_are_refused_in_the_callers_words():
    bank = InverseFilterBank(torch.rand(9, 4))
    with pytest.raises(ValueError, match="spec must be floating point, got int64"):
        bank.bins_of("spec", torch.ones(4, 3, dtype=torch.long), "n_mels")
    with pytest.raises(
        ValueError, match=r"spec must have shape \(\.\.\., n_mels=4, frames\), got \(5, 3\); set n_mels"
    ):
        bank.bins_of("spec", torch.ones(5, 3), "n_mels")
