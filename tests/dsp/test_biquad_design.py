import math

import pytest
import torch

from sonovox.dsp.biquad_design import cookbook_terms, exact, exact_dtype

WAVE = torch.zeros(4)


def test_terms_are_those_of_the_cookbook():
    sine, cosine, alpha = cookbook_terms(WAVE, 16000, "f", 1000.0, 0.7)
    angle = 2 * math.pi * 1000 / 16000
    assert (sine.item(), cosine.item()) == pytest.approx((math.sin(angle), math.cos(angle)), rel=1e-14)
    assert alpha.item() == pytest.approx(math.sin(angle) / 1.4, rel=1e-14)


def test_numbers_keep_all_their_digits():
    assert exact(WAVE, 0.1).item() == 0.1
    assert exact_dtype(torch.zeros(1, device="meta")) == torch.float64


def test_tensors_stay_in_the_graph():
    frequency = torch.tensor([1000.0], requires_grad=True)
    sum(cookbook_terms(WAVE, 16000, "f", frequency, 0.7)).backward()
    assert frequency.grad.shape == (1,)


@pytest.mark.parametrize(
    ("rate", "frequency", "quality", "message"),
    [
        (16000, 8001.0, 0.7, r"cutoff must be above 0 and at most sample_rate / 2 = 8000 Hz, got 8001; give it in Hz"),
        (16000, torch.tensor(0.0), 0.7, "cutoff must be above 0 .* got 0"),
        (16000, 100.0, 0.0, "Q must be positive, got 0.0"),
        (16000, 100.0, torch.tensor(-1.0), "Q must be positive, got -1.0"),
        (0, 100.0, 0.7, "sample_rate must be positive, got 0; give it in Hz"),
        (16000, torch.tensor([1.0, 2.0]), 0.7, r"must be single, got a tensor of shape \(2,\); lfilter takes banks"),
    ],
)
def test_numbers_that_cannot_be_used_are_named(rate, frequency, quality, message):
    with pytest.raises(ValueError, match=message):
        cookbook_terms(WAVE, rate, "cutoff", frequency, quality)
