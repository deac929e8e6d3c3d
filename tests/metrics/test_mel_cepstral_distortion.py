import math

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import mel_cepstral_distortion


def test_the_formula_frame_by_frame():
    torch.manual_seed(0)
    estimate, reference = torch.randn(2, 3, 7, 13, dtype=torch.float64)
    frames = [
        10 / math.log(10) * math.sqrt(2 * sum((a - b) ** 2 for a, b in zip(x[1:], y[1:], strict=True)))
        for x, y in zip(estimate[1].tolist(), reference[1].tolist(), strict=True)
    ]
    assert mel_cepstral_distortion(estimate, reference)[1].item() == pytest.approx(sum(frames) / 7)


def test_the_first_coefficient_counts_if_asked_for():
    estimate, reference = torch.zeros(4, 2), torch.tensor([3.0, 4.0]).expand(4, 2)
    ratio = mel_cepstral_distortion(estimate, reference, skip_first=False) / mel_cepstral_distortion(
        estimate, reference
    )
    assert ratio.item() == pytest.approx(5 / 4)


def test_padding_does_not_count():
    estimate, reference = torch.randn(2, 6, 5), torch.randn(2, 6, 5)
    distortion = mel_cepstral_distortion(estimate, reference, torch.tensor([1.0, 0.5]))
    torch.testing.assert_close(distortion[1], mel_cepstral_distortion(estimate[1, :3], reference[1, :3]))


def test_equal_frames_have_a_gradient_of_zero():
    estimate = torch.ones(4, 3, requires_grad=True)
    mel_cepstral_distortion(estimate, torch.ones(4, 3)).backward()
    assert estimate.grad.abs().max() == 0


def test_shapes_must_agree():
    with pytest.raises(ArgumentError, match=r"got \(4, 3\) and \(5, 3\)"):
        mel_cepstral_distortion(torch.zeros(4, 3), torch.zeros(5, 3))
