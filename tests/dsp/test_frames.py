import pytest
import torch

from sonovox.dsp.frames import FilterBank, analysis_window, frame_signal, power_spectra, short_time_transform


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_frames_are_a_view_where_nothing_is_padded():
    wave = noise(100)
    assert frame_signal(wave, 10, 5, center=False).untyped_storage().data_ptr() == wave.untyped_storage().data_ptr()


@pytest.mark.parametrize("time", [10, 11, 19, 20])
def test_centered_frames_are_one_more_than_the_hops(time):
    assert frame_signal(noise(2, time), 8, 5).shape == (2, 1 + time // 5, 8)


@pytest.mark.parametrize("power", [2.0, 1.0])
def test_a_bank_sums_the_bins(power):
    wave, window, weights = noise(3, 5000).double(), torch.hann_window(64).double(), noise(33, 20).double().relu()
    spectra = power_spectra(wave, window, 16, power=power)
    features = power_spectra(wave, window, 16, power=power, bank=FilterBank(weights))
    torch.testing.assert_close(features, spectra @ weights, rtol=1e-9, atol=1e-10)


def test_a_bank_of_another_dtype_is_converted():
    wave, window, weights = noise(500), torch.ones(64), noise(33, 4)
    features = power_spectra(wave.double(), window, 16, bank=FilterBank(weights))
    torch.testing.assert_close(
        features.float(), power_spectra(wave, window, 16, bank=FilterBank(weights)), rtol=1e-4, atol=1e-3
    )


def test_gradient_reaches_the_weights_and_the_window():
    weights, window = noise(33, 4).requires_grad_(), torch.ones(64, requires_grad=True)
    power_spectra(noise(500), window, 16, bank=FilterBank(weights)).sum().backward()
    assert weights.grad.abs().sum() > 0
    assert window.grad.abs().sum() > 0


def test_a_short_window_stands_in_the_middle():
    assert analysis_window(torch.ones(3), 6, 3).tolist() == [0, 1, 1, 1, 0, 0]


def test_the_transform_of_no_signals_is_empty():
    assert short_time_transform(torch.zeros(0, 7, 64), torch.ones(64)).shape == (0, 7, 33)
