import numpy as np
import pytest
import torch

from sonovox._internal.errors import SonovoxWarning
from sonovox.dsp.kaldi.mel import (
    get_mel_banks,
    inverse_mel_scale,
    inverse_mel_scale_scalar,
    mel_filter_bank,
    mel_scale,
    mel_scale_scalar,
    vtln_warp_freq,
    vtln_warp_mel_freq,
)


@pytest.mark.parametrize("name", ["mel0", "mel1"])
def test_filters_equal_those_of_torchaudio(kaldi_arrays, name):
    description, arrays = kaldi_arrays
    filters, centers = get_mel_banks(*description["helpers"][name]["args"])
    # They compute mels in float32: 1e-4 of a mel, where the narrowest filter is 100 mel wide.
    torch.testing.assert_close(filters, arrays[f"{name}.bins"], rtol=0, atol=4e-6)
    torch.testing.assert_close(centers, arrays[f"{name}.center"].reshape(-1), rtol=1e-6, atol=0)


def test_scales_and_warping_equal_those_of_torchaudio(kaldi_arrays):
    description, arrays = kaldi_arrays
    freq, warping = arrays["freq"], description["helpers"]["vtln"]["args"]
    torch.testing.assert_close(mel_scale(freq), arrays["mel_scale"])
    torch.testing.assert_close(
        inverse_mel_scale(0.9 * mel_scale(freq)), arrays["inverse_mel_scale"], rtol=1e-5, atol=1e-3
    )
    torch.testing.assert_close(vtln_warp_freq(*warping, freq), arrays["vtln_warp_freq"])
    torch.testing.assert_close(
        vtln_warp_mel_freq(*warping, mel_scale(freq)), arrays["vtln_warp_mel_freq"], rtol=1e-5, atol=1e-3
    )


def test_scalars_equal_tensors_and_undo_each_other():
    for freq in (0.0, 20.0, 700.0, 8000.0):
        assert mel_scale_scalar(freq) == pytest.approx(mel_scale(torch.tensor(freq, dtype=torch.float64)).item())
        assert inverse_mel_scale_scalar(mel_scale_scalar(freq)) == pytest.approx(freq)


def test_filters_overlap_to_one_between_the_first_and_the_last_center():
    filters, centers = get_mel_banks(23, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0)
    bins = 16000 / 512 * np.arange(256)
    inside = (bins > centers[0].item()) & (bins < centers[-1].item())
    np.testing.assert_allclose(filters.sum(0).numpy()[inside], 1.0, atol=1e-6)


def test_warping_is_continuous_monotonous_and_keeps_the_ends():
    freq = torch.linspace(0, 8000, 8001, dtype=torch.float64)
    for factor in (0.8, 0.95, 1.0, 1.1, 1.25):
        warped = vtln_warp_freq(100.0, 7500.0, 20.0, 8000.0, factor, freq)
        step = warped.diff()
        assert (step > 0).all()
        assert step.max() < 5
        torch.testing.assert_close(warped[[0, 20, 8000]], freq[[0, 20, 8000]])
        torch.testing.assert_close(warped[1000], freq[1000] / factor)


def test_warped_centers_are_warped_filters():
    plain, warped = (get_mel_banks(23, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, factor)[1] for factor in (1.0, 1.2))
    torch.testing.assert_close(vtln_warp_freq(100.0, 7500.0, 20.0, 8000.0, 1.2, plain), warped)


def test_a_bank_for_products_is_exact_in_float64():
    arguments = (23, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0)
    weights = mel_filter_bank(*arguments, torch.float64, torch.device("cpu")).weights
    filters, _ = get_mel_banks(*arguments)
    assert weights.shape == (257, 32)
    assert not weights[256].any()
    assert not weights[:, 23:].any()
    weights = weights[:, :23]
    assert not torch.equal(weights[:256].t(), filters.double())
    torch.testing.assert_close(weights[:256].t().float(), filters)


def test_empty_filters_are_named():
    with pytest.warns(SonovoxWarning, match=r"\d+ of 128 mel filters are empty: .*lower num_mel_bins or raise"):
        get_mel_banks(128, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 512, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0), "num_mel_bins must be at least 4, got 3"),
        ((23, 511, 16000.0, 20.0, 0.0, 100.0, -500.0, 1.0), "window_length_padded must be even, got 511"),
        ((23, 512, 16000.0, 20.0, 9000.0, 100.0, -500.0, 1.0), "high_freq <= 8000 Hz.*got 20 and 9000"),
        ((23, 512, 16000.0, 500.0, 400.0, 100.0, -500.0, 1.0), "got 500 and 400"),
        ((23, 512, 16000.0, 20.0, 0.0, 10.0, -500.0, 1.1), "in order between low_freq=20.0 and high_freq=8000.0"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        get_mel_banks(*arguments)
