"""Pink noise and its relatives."""

import pytest
import scipy.signal
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import pink_noise_like


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.5, 1.0])
def test_the_power_falls_with_twice_alpha(alpha):
    noise = pink_noise_like(torch.zeros(8, 60_000), alpha, alpha, 16000, seeds=torch.arange(8))
    frequency, power = scipy.signal.welch(noise.double().numpy(), 16000, nperseg=4096)
    lines = slice(20, 1800)  # away from the window's width and from half the rate
    slope = torch.linalg.lstsq(
        torch.stack((torch.from_numpy(frequency[lines]).log10(), torch.ones(1780, dtype=torch.float64)), 1),
        torch.from_numpy(power.mean(0)[lines]).log10().unsqueeze(1),
    ).solution[0, 0]
    assert float(slope) == pytest.approx(-2 * alpha, abs=0.05)


def test_it_is_as_loud_everywhere():
    noise = pink_noise_like(torch.zeros(64, 40_000), 0.5, 0.5, 16000, seeds=torch.arange(64))
    power = noise.square().mean(0)
    blocks = power.unflatten(0, (20, 2000)).mean(1)
    assert float(blocks.std() / blocks.mean()) < 0.15


def test_each_item_has_its_own_exponent():
    noise = pink_noise_like(torch.zeros(100, 5000), 0.0, 1.0, 16000)
    roughness = noise.diff(dim=1).square().mean(1) / noise.square().mean(1)
    assert float(roughness.max() / roughness.min()) > 10


def test_channels_are_apart_and_lengths_do_not_matter():
    long = pink_noise_like(torch.zeros(2, 3000, 2), seeds=torch.tensor([1, 2]))
    assert not torch.equal(long[..., 0], long[..., 1])
    short = pink_noise_like(torch.zeros(1, 1000, 2), seeds=torch.tensor([2]))
    torch.testing.assert_close(short, long[1:, :1000])


def test_an_empty_range_is_refused():
    with pytest.raises(ArgumentError, match="alpha_low"):
        pink_noise_like(torch.zeros(1, 10), 1.0, 0.5)
