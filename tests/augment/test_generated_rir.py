"""Generated room impulse responses."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import decaying_noise_rir


@pytest.mark.parametrize("rt60", [0.2, 0.5])
def test_the_energy_falls_by_60_db_in_the_time(rt60):
    rir = decaying_noise_rir(torch.zeros(200, 1), rt60, rt60, sample_rate=8000, seeds=torch.arange(200))
    power = rir[:, 1:].square().mean(0).double()
    # 40 dB of the decay, in blocks of 10 ms: the mean over 200 rooms and 80 samples varies by 1 %.
    blocks = power[: len(power) // 80 * 80].unflatten(0, (-1, 80)).mean(1).log10() * 10
    slope = (blocks[10] - blocks[0]) / 0.1
    assert float(slope) == pytest.approx(-60 / rt60, rel=0.02)


def test_the_ratio_is_that_wanted():
    rir = decaying_noise_rir(torch.zeros(100, 1), ratio_low=-3, ratio_high=9)
    ratio = -10 * rir[:, 1:].square().sum(1).log10()
    assert -3.001 < float(ratio.min()) < -2.0
    assert 8.0 < float(ratio.max()) < 9.001
    assert (rir[:, 0] == 1).all()


def test_empty_ranges_are_refused():
    with pytest.raises(ArgumentError, match="rt60_low"):
        decaying_noise_rir(torch.zeros(1, 1), 0.0, 0.5)
    with pytest.raises(ArgumentError, match="ratio_low"):
        decaying_noise_rir(torch.zeros(1, 1), ratio_low=5, ratio_high=0)
