import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.losses import cal_si_snr, cal_snr, get_si_snr_with_pitwrapper, get_snr_with_pitwrapper


@pytest.mark.parametrize(("loss", "name"), [(cal_si_snr, "si_snr"), (cal_snr, "snr")])
def test_ratios_are_those_of_speechbrain(speechbrain_losses, close_to_speechbrain, loss, name):
    x, _ = speechbrain_losses
    close_to_speechbrain(loss(x["src"], x["est"]), name)


@pytest.mark.parametrize(
    ("loss", "name"), [(get_si_snr_with_pitwrapper, "si_snr_pit"), (get_snr_with_pitwrapper, "snr_pit")]
)
def test_permuted_ratios_are_those_of_speechbrain(speechbrain_losses, close_to_speechbrain, loss, name):
    x, _ = speechbrain_losses
    close_to_speechbrain(loss(x["src"].transpose(0, 1), x["est"].transpose(0, 1)), name)


def test_the_inputs_are_left_as_they_are():
    source, estimate = torch.randn(8, 1, 2), torch.randn(8, 1, 2)
    copies = source.clone(), estimate.clone()
    cal_si_snr(source, estimate)
    assert torch.equal(source, copies[0])
    assert torch.equal(estimate, copies[1])


def test_scale_and_mean_of_the_estimate_do_not_matter():
    torch.manual_seed(0)
    source, noise = torch.randn(2, 100, 1, 1, dtype=torch.float64)
    loss = cal_si_snr(source, source + 0.1 * noise)
    torch.testing.assert_close(cal_si_snr(source, 7.0 * (source + 0.1 * noise) - 3.0), loss)
    assert cal_snr(source, 7.0 * source).item() == pytest.approx(15.563, abs=1e-3)  # 20 log10(6)


def test_orthogonal_noise_of_a_tenth_is_twenty_decibels():
    time = torch.arange(1000, dtype=torch.float64) / 1000 * 2 * torch.pi
    source, noise = (5 * time).sin().reshape(-1, 1, 1), (7 * time).sin().reshape(-1, 1, 1)
    assert cal_si_snr(source, source + 0.1 * noise).item() == pytest.approx(-20.0, abs=1e-6)


def test_silence_has_a_finite_loss_and_gradient():
    estimate = torch.randn(50, 1, 1, requires_grad=True)
    loss = cal_si_snr(torch.zeros(50, 1, 1), estimate)
    loss.sum().backward()
    assert loss.item() == pytest.approx(80.0)
    assert estimate.grad.isfinite().all()


def test_shapes_must_agree():
    with pytest.raises(ArgumentError, match=r"one shape, got \(8, 1, 2\) and \(8, 1, 1\)"):
        cal_si_snr(torch.zeros(8, 1, 2), torch.zeros(8, 1, 1))
    with pytest.raises(ArgumentError, match=r"got \(8, 1, 2\) and \(8, 1, 1\)"):
        get_si_snr_with_pitwrapper(torch.zeros(8, 1, 2), torch.zeros(8, 1, 1))
