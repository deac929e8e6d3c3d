import numpy as np
import pytest
import scipy.signal
import torch

from sonovox.dsp.iir import biquad, filtfilt, lfilter

A, B = torch.tensor([1.0, -1.2, 0.5], dtype=torch.float64), torch.tensor([0.2, 0.1, 0.05], dtype=torch.float64)


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ["lfilter", "filtfilt", "biquad"])
def test_equals_torchaudio(torchaudio_calls, name):
    function = {"lfilter": lfilter, "filtfilt": filtfilt, "biquad": biquad}[name]
    for call, inputs, expected, _ in torchaudio_calls("functional", name):
        torch.testing.assert_close(function(**inputs, **call["kwargs"]), expected, rtol=1e-12, atol=1e-13)


def test_equals_scipy():
    x = noise(2, 3, 3000)
    expected = scipy.signal.lfilter(B.numpy(), A.numpy(), x.numpy())
    np.testing.assert_allclose(lfilter(x, A, B, clamp=False).numpy(), expected, rtol=1e-12, atol=1e-13)
    padded = scipy.signal.filtfilt(B.numpy(), A.numpy(), x.numpy(), padtype=None, method="gust", axis=-1)
    inner = slice(200, -200)  # what is before the first sample differs, and has died away after 200
    np.testing.assert_allclose(filtfilt(x, A, B, clamp=False).numpy()[..., inner], padded[..., inner], atol=1e-9)


def test_lengths_of_the_polynomials_may_differ():
    x, short = noise(400), torch.tensor([0.5], dtype=torch.float64)
    np.testing.assert_allclose(lfilter(x, A, short, clamp=False), scipy.signal.lfilter([0.5], A, x), atol=1e-13)
    np.testing.assert_allclose(lfilter(x, short, B, clamp=False), scipy.signal.lfilter(B, [0.5], x), atol=1e-13)


def test_a_high_order_is_as_exact_as_a_cascade():
    """To the rounding of float32 samples."""
    sections = scipy.signal.butter(8, 0.1, output="sos")
    b, a = (torch.tensor(part) for part in scipy.signal.sos2tf(sections))
    x = noise(20000).float()
    exact = scipy.signal.sosfilt(sections, x.double().numpy())
    assert np.abs(lfilter(x, a, b, clamp=False).numpy() - exact).max() < 2e-7 * np.abs(exact).max()


def test_a_low_cutoff_is_exact_in_float32():
    b, a = (torch.tensor(part) for part in scipy.signal.butter(2, 20 / 24000, "high"))
    x = noise(48000).float()
    exact = scipy.signal.lfilter(b, a, x.double().numpy())
    error = np.abs(lfilter(x, a, b, clamp=False).numpy() - exact).max()
    in_float32 = np.abs(scipy.signal.lfilter(b.numpy().astype("f"), a.numpy().astype("f"), x.numpy()) - exact).max()
    assert error < 3e-7 < 5e-4 < in_float32


def test_banks_filter_channel_by_channel_or_all_by_all():
    a = torch.stack((A, torch.tensor([1.0, 0.3, 0.2], dtype=torch.float64)))
    b = torch.stack((B, B.flip(-1)))
    x = noise(4, 2, 100)
    each = lfilter(x, a, b, clamp=False)
    torch.testing.assert_close(each[:, 1], lfilter(x[:, 1], a[1], b[1], clamp=False))
    both = lfilter(x, a, b, clamp=False, batching=False)
    assert both.shape == (4, 2, 2, 100)
    torch.testing.assert_close(both[:, 0, 1], lfilter(x[:, 0], a[1], b[1], clamp=False))


def test_the_result_is_limited_where_asked():
    x = 3 * torch.ones(20)
    assert lfilter(x, A, B).max() == 1.0
    assert lfilter(x, A, B, clamp=False).max() > 3.0
    assert filtfilt(x, A, B).max() == 1.0


def test_biquad_divides_by_its_leading_coefficient():
    x = noise(50)
    torch.testing.assert_close(biquad(x, 2, 1, 0.5, 10, -12, 5), lfilter(x, A, B), rtol=1e-13, atol=1e-14)


def test_double_precision_numbers_are_not_rounded_to_float32():
    x = noise(3000).float()
    exact = scipy.signal.lfilter([0.1, 0, 0], [1, -1.98, 0.981], x.double().numpy())
    result = biquad(0.01 * x, 0.1, 0, 0, 1, -1.98, 0.981)
    assert np.abs(100 * result.numpy() - exact).max() < 2e-7 * np.abs(exact).max()


@pytest.mark.parametrize(
    ("waveform", "a", "b", "message"),
    [
        (torch.zeros(9), torch.ones(1, 1, 3), torch.ones(1, 1, 3), r"must both be \(coefficients,\) or .* got \(1, 1"),
        (torch.zeros(9), torch.ones(3), torch.ones(1, 3), r"must both be .* got \(3,\) and \(1, 3\); for one filter"),
        (torch.zeros(9), torch.ones(0), torch.ones(3), r"must both be .* got \(0,\) and \(3,\)"),
        (torch.zeros(2, 9), torch.ones(2, 3), torch.ones(3, 3), r"as many filters, got \(2, 3\) and \(3, 3\)"),
        (torch.zeros(3, 9), torch.ones(2, 3), torch.ones(2, 3), r"with 2 filters, got \(3, 9\); batching=False"),
        (torch.zeros(9), torch.tensor([0.0, 1.0]), torch.ones(2), r"a_coeffs\[0\] must not be 0"),
        (torch.zeros(9, dtype=torch.int16), A, B, r"floating point, got int16; convert it.* x.float\(\) / 32768"),
        (torch.zeros(9), torch.ones(3, dtype=torch.int64), B, "a_coeffs must be floating point, got int64"),
        (torch.tensor(1.0), A, B, "must have a time axis"),
    ],
)
def test_what_cannot_be_filtered_is_named(waveform, a, b, message):
    with pytest.raises(ValueError, match=message):
        lfilter(waveform, a, b)
