import math

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.metrics import stoi


def speech_like(seconds=1.5, sample_rate=10_000):
    """Tones with envelopes of their own, and a pause; noise by a formula, the same everywhere."""
    time = torch.arange(int(seconds * sample_rate), dtype=torch.float64) / sample_rate
    clean = torch.zeros_like(time)
    for k, hz in enumerate((210.0, 430.0, 870.0, 1730.0, 3350.0)):
        clean += (2 * math.pi * hz * time).sin() * (1.1 + (2 * math.pi * (2.3 + 0.7 * k) * time + k).sin()) / (k + 1)
    clean[(time > 0.5) & (time < 0.7)] = 0.0
    n = torch.arange(len(time), dtype=torch.float64)
    noise = ((n * n * 0.618033988749895) % 1.0 - 0.5) * 2.0
    return clean, clean + noise


@pytest.mark.parametrize(("extended", "expected"), [(False, 0.7029740712906107), (True, 0.5482357151217767)])
def test_it_is_that_of_pystoi(extended, expected):  # 0.4.1
    clean, noisy = speech_like()  # 10 kHz, so that no resampler makes a difference
    assert stoi(noisy, clean, 10_000, extended=extended).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize("extended", [False, True])
def test_it_is_that_of_pystoi_on_speech(speech_manifest, extended):
    pystoi = pytest.importorskip("pystoi", reason="pystoi is the oracle")
    from sonovox.io import load

    clean, sample_rate = load(speech_manifest("ljspeech")[0]["audio"])
    clean = clean[0].double()
    torch.manual_seed(0)
    for ratio in (0.3, 1.0, 3.0):
        noisy = clean + torch.randn_like(clean) * clean.std() / ratio
        expected = pystoi.stoi(clean.numpy(), noisy.numpy(), sample_rate, extended)
        # 3e-3: its resampler is Octave's, ours cuts off less.
        assert stoi(noisy, clean, sample_rate, extended=extended).item() == pytest.approx(expected, abs=3e-3)


@pytest.mark.parametrize("extended", [False, True])
def test_a_batch_of_padded_items_is_its_items_alone(extended):
    clean, noisy = speech_like()
    shorter = slice(0, 9000)
    alone = torch.stack([stoi(noisy[part], clean[part], 10_000, extended=extended) for part in (slice(None), shorter)])
    batch = [signal.repeat(2, 1) for signal in (noisy, clean)]
    length = torch.tensor([1.0, 9000 / 15000])
    torch.testing.assert_close(stoi(*batch, 10_000, length, extended=extended), alone)


def test_more_noise_is_less_intelligible_and_none_is_one():
    clean, noisy = speech_like()
    scores = [stoi(clean + factor * (noisy - clean), clean, 10_000).item() for factor in (0.0, 0.3, 1.0, 3.0)]
    assert scores[0] == pytest.approx(1.0)
    assert scores == sorted(scores, reverse=True)
    assert stoi(3.0 * clean, clean, 10_000, extended=True).item() == pytest.approx(1.0)


def test_the_rate_of_the_recording_hardly_matters():
    at_10, at_16 = (speech_like(sample_rate=rate) for rate in (10_000, 16_000))
    clean_10, clean_16 = at_10[0], at_16[0]
    muffled = [
        torch.nn.functional.avg_pool1d(x.view(1, 1, -1), k, 1, k // 2).flatten()
        for x, k in ((clean_10, 5), (clean_16, 8))
    ]
    scores = [
        stoi(y[: len(x)], x, r).item() for x, y, r in ((clean_10, muffled[0], 10_000), (clean_16, muffled[1], 16_000))
    ]
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


@pytest.mark.parametrize("extended", [False, True])
def test_the_gradient_points_to_the_clean_speech(extended):
    clean, noisy = speech_like(0.8)
    noisy.requires_grad_()
    score = stoi(noisy, clean, 10_000, extended=extended)
    (gradient,) = torch.autograd.grad(score, noisy)
    assert gradient.isfinite().all()
    step = 1e-4 * gradient / gradient.norm()
    climbed = stoi((noisy + step).detach(), clean, 10_000, extended=extended) - score
    assert climbed.item() == pytest.approx((gradient @ step).item(), rel=1e-2)


def test_too_little_speech_is_refused():
    clean, noisy = speech_like()
    with pytest.raises(ArgumentError, match=r"31 frames of speech, 0.4 s, got \[22\] in the items; leave out"):
        stoi(noisy[:3000], clean[:3000], 10_000)
    with pytest.raises(ArgumentError, match="31 frames"):
        stoi(noisy[:100], clean[:100], 10_000)
    with pytest.raises(ArgumentError, match="sample_rate must be positive"):
        stoi(noisy, clean, 0)
