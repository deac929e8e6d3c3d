import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox._kernels import load
from sonovox.dsp.frames import (
    FilterBank,
    analysis_window,
    frame_signal,
    power_spectra,
    short_time_spectra,
    short_time_transform,
)


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


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("n_fft", "hop"), [(400, 160), (400, 300), (882, 441), (30, 7), (441, 100), (24, 50)])
@pytest.mark.parametrize("power", [2.0, 1.0, 0.7])
def test_the_kernel_equals_its_reference(monkeypatch, n_fft, hop, center, power):
    wave, window = noise(2, 3, 2 * 5001)[..., ::2], torch.hann_window(n_fft, periodic=False)
    bank = FilterBank(noise(n_fft // 2 + 1, 5).relu())

    def results():
        for pad_mode in ("reflect", "constant", "replicate", "circular"):
            options = {"center": center, "pad_mode": pad_mode}
            yield power_spectra(wave, window, hop, power=power, **options)
            yield power_spectra(wave, window.double(), hop, power=power, bank=bank, **options)
            yield short_time_spectra(wave, window, hop, **options)

    by_kernel = list(results())
    monkeypatch.setattr("sonovox._kernels.fourier.kernels", lambda: load.Kernels(None, "switched off"))
    for ours, expected in zip(by_kernel, results(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=2e-5, atol=2e-6 * expected.abs().max().item())


def test_half_precision_is_computed_in_float32():
    wave, window = noise(1000).half(), torch.hann_window(64)
    torch.testing.assert_close(power_spectra(wave, window, 16), power_spectra(wave.float(), window, 16))
    assert short_time_spectra(wave, window, 16).dtype == torch.complex64


@pytest.mark.parametrize("n_fft", [32, 33])
def test_signals_too_short_are_told_on_every_path(n_fft):
    window = torch.ones(n_fft)
    for wave in (noise(10), noise(10).requires_grad_()):
        with pytest.raises(ArgumentError, match=r"at least 17 samples for n_fft // 2 = 16 .* got 10"):
            power_spectra(wave, window, 8)
        with pytest.raises(ArgumentError, match=f"at least one frame of n_fft={n_fft} samples, got 10"):
            short_time_spectra(wave, window, 8, center=False)


def test_views_that_are_negated_when_they_are_read():
    wave, window = torch.view_as_complex(noise(500, 2)).conj().imag, torch.ones(64)
    assert wave.is_neg()
    expected = short_time_spectra(wave.resolve_neg(), window, 16)
    torch.testing.assert_close(short_time_spectra(wave, window, 16), expected)
