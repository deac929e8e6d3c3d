import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import GaborConv1d, GaussianLowpassPooling, Leaf


def test_filters_are_those_of_the_formula():
    layer = GaborConv1d(12, 101, 1, in_channels=1)
    taps = layer.impulse_responses().detach().double().numpy()
    t = np.arange(-50, 51)
    for i, (centre, width) in enumerate(layer.kernel.detach().double().numpy()):
        filt = np.exp(1j * centre * t - t**2 / (2 * width**2)) / (np.sqrt(2 * np.pi) * width)
        np.testing.assert_allclose(taps[2 * i], filt.real, atol=1e-7)
        np.testing.assert_allclose(taps[2 * i + 1], filt.imag, atol=1e-7)


def test_frequencies_start_at_equal_distances_in_mel():
    layer = GaborConv1d(40, 401, 1, in_channels=1, n_fft=4096)
    hertz = layer.kernel[:, 0].detach() * 16000 / (2 * torch.pi)
    mels = 2595 * torch.log10(1 + hertz / 700)
    torch.testing.assert_close(mels.diff(), mels.diff().mean().expand(19), rtol=0.1, atol=0)


def test_sorted_filters_do_not_change_the_parameters():
    layer = GaborConv1d(4, 11, 1, in_channels=1, sort_filters=True)
    with torch.no_grad():
        layer.kernel.copy_(layer.kernel.flip(0))
    plain = GaborConv1d(4, 11, 1, in_channels=1)
    x = torch.randn(1, 60)
    torch.testing.assert_close(layer(x), plain(x))


def test_a_low_pass_keeps_what_is_slow():
    layer = GaussianLowpassPooling(1, 81, bias=False, padding="valid")
    t = torch.arange(400.0)
    slow, fast = (torch.sin(2 * torch.pi * t / period).view(1, -1, 1) for period in (400, 10))
    assert layer(slow).abs().max() > 50 * layer(fast).abs().max()


def test_features_follow_a_tone():
    layer = Leaf(20, in_channels=1, use_pcen=False)
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 16000).unsqueeze(0)
    loudest = layer(tone).mean(1).argmax()
    hertz = layer.complex_conv.kernel[loudest, 0].item() * 16000 / (2 * torch.pi)
    assert abs(hertz - 1000) < 150


def test_with_weights_of_speechbrain_it_gives_its_numbers():
    features = pytest.importorskip("speechbrain.lobes.features", reason="needs speechbrain", exc_type=ImportError)
    for arguments in ({}, {"use_pcen": False, "sample_rate": 8000, "n_fft": 256, "max_freq": 3800.0}):
        theirs, ours = features.Leaf(8, in_channels=1, **arguments), Leaf(8, in_channels=1, **arguments)
        for name, tensor in theirs.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=1e-5, atol=1e-6, msg=name)
        ours.load_state_dict(theirs.state_dict())
        x = torch.randn(2, 4000)
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_what_is_not_mono_is_refused():
    with pytest.raises(ArgumentError, match="got neither"):
        GaborConv1d(4, 11, 1)
    with pytest.raises(ArgumentError, match="average the channels first"):
        Leaf(4, in_channels=2)
    with pytest.raises(ChoiceError, match="padding must be one of same, valid"):
        GaussianLowpassPooling(4, 11, padding="causal")
