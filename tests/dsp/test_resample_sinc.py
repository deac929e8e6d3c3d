import numpy as np
import pytest
import torch

from sonovox.dsp.resample_sinc import make_sinc_filter, resample_sinc


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def make(orig, new, width=6, rolloff=0.99, beta=None):
    return make_sinc_filter(orig, new, width, rolloff, beta, torch.float64, torch.device("cpu"))


def by_definition(wave, orig, new, width=6, rolloff=0.99, beta=None):
    """y(t) = sum of x[n] h(t - n), one output sample at a time."""
    result = []
    cutoff = min(1.0, new / orig) * rolloff
    for m in range(-(-len(wave) * new // orig)):
        distance = (np.arange(len(wave)) - m * orig / new) * cutoff  # in zero crossings
        inside = np.abs(distance) < width
        part = distance[inside] / width
        window = np.cos(np.pi / 2 * part) ** 2 if beta is None else np.i0(beta * np.sqrt(1 - part**2)) / np.i0(beta)
        result.append(cutoff * np.sum(wave[inside] * np.sinc(distance[inside]) * window))
    return np.array(result)


@pytest.mark.parametrize(("orig", "new"), [(2, 1), (1, 2), (3, 2), (441, 160), (160, 441), (1, 20), (50, 1), (101, 97)])
@pytest.mark.parametrize("beta", [None, 14.77])
def test_equals_the_definition(orig, new, beta):
    wave = noise(700)
    ours = resample_sinc(wave, make(orig, new, beta=beta))
    np.testing.assert_allclose(ours.numpy(), by_definition(wave.numpy(), orig, new, beta=beta), atol=1e-10)


def test_coprime_rates_hold_few_weights():
    weights = make(44100, 44101).weights
    # 15 taps an output, and as many more as the outputs of a group are apart; orig * new would be 1.9e9.
    assert sum(block.values.numel() for block in weights) < 44101 * 60


def test_coprime_rates_equal_the_definition():
    wave = noise(300)
    ours = resample_sinc(wave, make(16000, 15999))
    np.testing.assert_allclose(ours.numpy(), by_definition(wave.numpy(), 16000, 15999), atol=1e-10)
