import math

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import sdr


@pytest.fixture
def pair():
    torch.manual_seed(0)
    reference = torch.randn(3, 600, dtype=torch.float64)
    return reference + 0.3 * torch.randn(3, 600, dtype=torch.float64), reference


def projected_ratio(estimate, reference, taps):
    """By least squares on all delayed copies of the reference."""
    size = len(reference) + taps - 1
    copies = torch.stack([torch.nn.functional.pad(reference, (i, size - len(reference) - i)) for i in range(taps)], 1)
    padded = torch.nn.functional.pad(estimate, (0, taps - 1))
    target = copies @ torch.linalg.lstsq(copies, padded.unsqueeze(1)).solution.squeeze(1)
    return 10 * math.log10(target.square().sum() / (padded - target).square().sum())


@pytest.mark.parametrize("taps", [1, 8, 64])
def test_it_is_the_projection_on_delayed_references(pair, taps):
    ratios = sdr(*pair, filter_length=taps)
    expected = [projected_ratio(estimate, reference, taps) for estimate, reference in zip(*pair, strict=True)]
    assert ratios.tolist() == pytest.approx(expected, rel=1e-7)


def test_a_short_filter_is_forgiven(pair):
    reference = torch.nn.functional.pad(pair[1][0], (0, 100))
    filtered = 0.7 * reference.roll(3) - 0.4 * reference.roll(20)
    assert sdr(filtered, reference, filter_length=32) > 80
    assert sdr(filtered, reference, filter_length=16) < 6


def test_padding_does_not_count(pair):
    estimate, reference = pair
    length = torch.tensor([1.0, 0.5, 0.25])
    expected = [
        sdr(e[:n], r[:n], filter_length=16) for e, r, n in zip(estimate, reference, (600, 300, 150), strict=True)
    ]
    torch.testing.assert_close(sdr(estimate, reference, length, filter_length=16), torch.stack(expected))


def test_pure_tones_and_silence_have_a_value():
    time = torch.arange(2000, dtype=torch.float64)
    tone = (0.1 * time).sin()
    torch.manual_seed(0)
    ratio = sdr(tone + 0.1 * torch.randn(2000, dtype=torch.float64), tone)
    assert 15 < ratio < 19
    assert sdr(tone, torch.zeros(2000, dtype=torch.float64)) == -math.inf
    assert sdr(torch.zeros(2000, dtype=torch.float64), tone) == -math.inf


def test_the_gradient_is_that_of_finite_differences(pair):
    estimate, reference = pair[0][:2, :40].clone().requires_grad_(), pair[1][:2, :40]
    assert torch.autograd.gradcheck(lambda x: sdr(x, reference, filter_length=4), estimate, fast_mode=True)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::FutureWarning")  # mir_eval announces that it will drop this function
def test_it_is_that_of_mir_eval(pair):
    separation = pytest.importorskip("mir_eval.separation", reason="mir_eval is the oracle")
    estimate, reference = pair[0][:1].numpy(), pair[1][:1].numpy()
    expected, *_ = separation.bss_eval_sources(reference, estimate, compute_permutation=False)
    assert sdr(*pair)[:1].tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_a_filter_has_taps(pair):
    with pytest.raises(ArgumentError, match="filter_length must be positive"):
        sdr(*pair, filter_length=0)
