import numpy as np
import pytest
import torch
from scipy.signal import windows

from sonovox.compliance import kaldi
from sonovox.dsp.kaldi.spectra import energies_and_spectra, floored_log, window_function

VARIANTS = [
    {},
    {"remove_dc_offset": False},
    {"raw_energy": False, "use_energy": True},
    {"use_energy": True},
    {"use_power": False},
    {"use_power": False, "use_log_fbank": False},
    {"preemphasis_coefficient": 0.0, "window_type": "rectangular"},
    {"round_to_power_of_two": False, "snip_edges": False},
]


def noise(*shape, seed=0):
    return 1000 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("shape", [(1, 400), (3, 1, 70000), (300, 1, 900), (2, 3, 1, 1234)])
def test_buffers_give_what_the_path_with_gradients_gives(shape, variant):
    wave = noise(*shape)
    plain = kaldi.fbank(wave.clone().requires_grad_(), **variant).detach()
    torch.testing.assert_close(kaldi.fbank(wave, **variant), plain, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("name", ["spectrogram", "mfcc"])
def test_buffers_do_not_show_in_the_other_features(name):
    wave = noise(2, 1, 70000)
    plain = getattr(kaldi, name)(wave.clone().requires_grad_()).detach()
    torch.testing.assert_close(getattr(kaldi, name)(wave), plain, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("window", ["povey", "hamming"])
def test_nan_stays_in_the_frames_that_hold_it(window):
    wave = noise(4000)
    wave[1759] = torch.nan  # the last sample before frame 11 begins
    spoilt = kaldi.fbank(wave, window_type=window).isnan().all(dim=1)
    assert spoilt.nonzero()[:, 0].tolist() == [9, 10]


def test_a_constant_added_to_the_signal_changes_nothing():
    wave = noise(4000)
    torch.testing.assert_close(kaldi.fbank(wave + 12345.0), kaldi.fbank(wave), rtol=0, atol=1e-8)


def test_float32_is_near_float64_beside_a_large_constant():
    wave = noise(16000) + 20000.0
    error = kaldi.fbank(wave.float()) - kaldi.fbank(wave.float().double())
    assert error.abs().max() < 2e-4  # the mean of 400 samples of 2e4 is exact to about 1e-3


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("hanning", windows.hann(401)),
        ("hamming", windows.hamming(401)),
        ("povey", windows.hann(401) ** 0.85),
        ("blackman", windows.blackman(401)),
        ("rectangular", windows.boxcar(401)),
    ],
)
def test_windows_are_those_of_scipy(name, theirs):
    np.testing.assert_allclose(window_function(name, 401), theirs, atol=1e-12)


def test_a_blackman_window_has_the_given_coefficient():
    expected = windows.general_cosine(401, [0.4, 0.5, 0.1])
    np.testing.assert_allclose(window_function("blackman", 401, 0.4), expected, atol=1e-12)


def test_energies_come_only_when_asked_for():
    from dsp.kaldi.test_framing import options

    energy, power = energies_and_spectra(noise(2, 800), options(), None, with_energy=False)
    assert energy.shape == (2, 3, 0)
    assert power.shape == (2, 3, 257)


def test_floored_log_of_a_slice_leaves_the_rest_alone_and_is_contiguous():
    power = torch.ones(3, 4)
    found = floored_log(power[:, :2])
    assert found.is_contiguous()
    assert found.eq(0).all()
    assert power.eq(1).all()
