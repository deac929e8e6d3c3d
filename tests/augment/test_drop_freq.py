"""Bands of frequency that are filtered out."""

import pytest
import scipy.signal
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import DropFreq


def impulse(items=1, size=1001):
    x = torch.zeros(items, size)
    x[:, size // 2] = 1.0
    return x


@pytest.mark.parametrize("middle", [0.2, 0.5, 0.77])
def test_the_filter_is_that_of_scipy(middle):
    taps = scipy.signal.firwin(101, [middle - 0.05, middle + 0.05], window="blackman", scale=False)
    y = DropFreq(middle, middle, 1, 1)(impulse())[0]
    # Rounding of float32 in a Fourier transform.
    torch.testing.assert_close(y[450:551].double(), torch.from_numpy(taps), atol=1e-6, rtol=0)
    assert not y[:450].abs().gt(1e-6).any()


def test_edges_beyond_the_band_stop_what_there_is():
    low = torch.fft.rfft(DropFreq(0.0, 0.0, 1, 1, 0.1)(impulse())[0]).abs()
    high = torch.fft.rfft(DropFreq(1.0, 1.0, 1, 1, 0.1)(impulse())[0]).abs()
    assert float(low[0]) < 1e-3
    assert float(high[-1]) < 1e-3
    torch.testing.assert_close(low[200:], torch.ones(301), atol=1e-3, rtol=0)
    torch.testing.assert_close(high[:300], torch.ones(300), atol=1e-3, rtol=0)


def test_the_edges_are_6_db_down():
    gain = torch.fft.rfft(DropFreq(0.4, 0.4, 1, 1, 0.1)(impulse(size=2000))[0]).abs()
    assert float(gain[300]) == pytest.approx(0.5, abs=0.01)
    assert float(gain[500]) == pytest.approx(0.5, abs=0.01)
    assert float(gain[400]) < 1e-3


def test_number_and_places_are_drawn_for_each_item():
    gain = torch.fft.rfft(DropFreq(0.2, 0.8, 1, 3, 0.05)(impulse(300))).abs()
    middles = [torch.nonzero((g[1:-1] < 0.01) & (g[1:-1] <= g[2:]) & (g[1:-1] <= g[:-2])).flatten() / 500 for g in gain]
    # Neighbours whose bands overlap may have one minimum more or less.
    assert {min(len(m), 3) for m in middles} == {1, 2, 3}
    places = torch.cat(middles)
    assert 0.15 < float(places.min()) < 0.25
    assert 0.75 < float(places.max()) < 0.85


def test_no_bands_change_nothing():
    x = torch.randn(2, 300)
    assert torch.equal(DropFreq(drop_freq_count_low=0, drop_freq_count_high=0)(x), x)


@pytest.mark.parametrize("arguments", [{"drop_freq_high": 1000}, {"drop_freq_width": 0.0}, {"drop_freq_count_low": 4}])
def test_what_is_no_share_of_the_rate_is_refused(arguments):
    with pytest.raises(ArgumentError, match="drop_freq"):
        DropFreq(**arguments)
