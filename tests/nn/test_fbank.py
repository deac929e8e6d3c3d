import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import MFCC, STFT, Fbank, Filterbank, spectral_magnitude


def test_the_fused_path_is_the_three_steps_in_turn():
    wave = torch.randn(2, 8000)
    features = Fbank(n_mels=20, filter_shape="gaussian", f_max=7000)
    steps = Filterbank(n_mels=20, filter_shape="gaussian", f_max=7000)(spectral_magnitude(STFT(16000)(wave)))
    torch.testing.assert_close(features(wave), steps, rtol=1e-4, atol=1e-3)  # dB


def test_numbers_with_and_without_gradients_are_the_same():
    wave = torch.randn(2, 8000)
    features = Fbank()
    with_gradient = features(wave.requires_grad_())
    with torch.no_grad():
        torch.testing.assert_close(features(wave), with_gradient.detach(), rtol=1e-4, atol=1e-3)


def test_a_quiet_item_is_not_limited_by_a_loud_one():
    quiet, loud = 1e-4 * torch.randn(1, 8000), torch.randn(1, 8000)
    features = Fbank()
    torch.testing.assert_close(features(torch.cat((quiet, loud)))[:1], features(quiet))


def test_zeros_at_the_end_change_no_frame_before_them():
    wave = torch.randn(1, 8000)
    features = Fbank()
    padded = features(torch.nn.functional.pad(wave, (0, 4000)))
    torch.testing.assert_close(padded[:, :51], features(wave))


def test_slopes_and_neighbours_widen_the_features():
    wave = torch.randn(2, 8000)
    assert Fbank(deltas=True)(wave).shape == (2, 51, 120)
    assert Fbank(context=True, left_frames=2, right_frames=1)(wave).shape == (2, 51, 160)
    assert MFCC()(wave).shape == (2, 51, 20 * 3 * 11)


def test_channels_are_signals_of_their_own():
    wave = torch.randn(2, 8000, 3)
    for module in (Fbank(deltas=True, context=True), MFCC()):
        together = module(wave)
        torch.testing.assert_close(together[..., 1], module(wave[..., 1]), rtol=1e-4, atol=1e-3)  # dB


def test_filters_are_trained_where_asked():
    features = Fbank(n_mels=5, requires_grad=True, filter_shape="gaussian")
    features(torch.randn(1, 4000)).sum().backward()
    assert [name for name, _ in features.named_parameters()] == ["compute_fbanks.f_central", "compute_fbanks.band"]
    assert all(p.grad.abs().sum() > 0 for p in features.parameters())


def test_silence_is_the_floor_with_finite_gradients():
    wave = torch.zeros(1, 4000, requires_grad=True)
    y = Fbank()(wave)
    assert torch.equal(y, torch.full_like(y, -100.0))
    y.sum().backward()
    assert wave.grad.isfinite().all()


def test_shapes_and_sizes_that_cannot_be_are_refused():
    with pytest.raises(ArgumentError, match=r"wav\.unsqueeze"):
        Fbank()(torch.zeros(4000))
    with pytest.raises(ArgumentError, match="n_mfcc must be at most"):
        MFCC(n_mels=10, n_mfcc=13)
