import math

import pytest
import torch

from sonovox.losses import cal_si_snr
from sonovox.metrics import si_sdr


@pytest.fixture
def pair():
    torch.manual_seed(0)
    reference = torch.randn(3, 2, 400, dtype=torch.float64)
    return reference + 0.3 * torch.randn(3, 2, 400, dtype=torch.float64), reference


def test_it_is_minus_the_loss_of_its_name(pair):
    estimate, reference = (signal.reshape(6, 400).T.unsqueeze(1) for signal in pair)
    loss = cal_si_snr(reference, estimate).reshape(3, 2)
    torch.testing.assert_close(si_sdr(*pair), -loss, rtol=1e-6, atol=1e-6)  # the loss adds 1e-8 to powers


def test_the_definition_by_a_projection(pair):
    estimate, reference = pair[0][0, 0], pair[1][0, 0]
    target = reference * (estimate @ reference) / (reference @ reference)
    expected = 10 * math.log10((target @ target) / ((estimate - target) @ (estimate - target)))
    assert si_sdr(estimate, reference, zero_mean=False).item() == pytest.approx(expected)


def test_padding_does_not_count(pair):
    estimate, reference = pair[0][:, 0], pair[1][:, 0].clone()
    length = torch.tensor([1.0, 0.5, 0.25])
    expected = torch.stack([si_sdr(e[:n], r[:n]) for e, r, n in zip(estimate, reference, (400, 200, 100), strict=True)])
    torch.testing.assert_close(si_sdr(estimate, reference, length), expected)
    reference[1, 200:] = float("nan")
    torch.testing.assert_close(si_sdr(estimate, reference, length), expected)


def test_the_ends_of_the_scale(pair):
    reference = pair[1][0, 0]
    assert si_sdr(reference, reference, zero_mean=False) > 250
    assert si_sdr(reference, torch.zeros(400, dtype=torch.float64)) == -math.inf
    assert si_sdr(reference * float("nan"), reference).isnan()


def test_the_gradient_is_that_of_finite_differences(pair):
    estimate, reference = pair[0][0, :, :20].clone().requires_grad_(), pair[1][0, :, :20]
    assert torch.autograd.gradcheck(lambda x: si_sdr(x, reference), estimate, fast_mode=True)


def test_the_dtype_is_kept():
    signal = torch.randn(100)
    assert si_sdr(signal + 1, signal + torch.randn(100)).dtype == torch.float32


@pytest.mark.peers
def test_it_is_that_of_torchmetrics(pair):
    audio = pytest.importorskip("torchmetrics.functional.audio", reason="torchmetrics is the oracle")
    expected = audio.scale_invariant_signal_distortion_ratio(*pair, zero_mean=True)
    torch.testing.assert_close(si_sdr(*pair), expected)
