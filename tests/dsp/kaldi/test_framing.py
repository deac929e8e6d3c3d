import numpy as np
import pytest
import torch

from sonovox.compliance import kaldi
from sonovox.dsp.kaldi.framing import FrameOptions, finish_features, frame_counts, frames_of, select_signals

FEATURES = {"spectrogram": kaldi.spectrogram, "fbank": kaldi.fbank, "mfcc": kaldi.mfcc}
VARIANTS = [{}, {"snip_edges": False}, {"subtract_mean": True, "snip_edges": False}, {"min_duration": 0.06}]


def options(**changed):
    defaults = {
        "blackman_coeff": 0.42,
        "channel": -1,
        "dither": 0.0,
        "energy_floor": 1.0,
        "frame_length": 25.0,
        "frame_shift": 10.0,
        "min_duration": 0.0,
        "preemphasis_coefficient": 0.97,
        "raw_energy": True,
        "remove_dc_offset": True,
        "round_to_power_of_two": True,
        "sample_frequency": 16000.0,
        "snip_edges": True,
        "subtract_mean": False,
        "window_type": "povey",
    }
    return FrameOptions(**{**defaults, **changed})


def noise(*shape, seed=0):
    return 1000 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FEATURES)
def test_a_batch_with_lengths_is_each_signal_alone_whatever_stands_in_the_padding(name, variant):
    lengths = torch.tensor([4000, 2345, 400, 399, 1, 0])
    padded = noise(6, 4000)
    padded[torch.arange(4000) >= lengths[:, None]] = torch.nan
    features, counts = FEATURES[name](padded, **variant, lengths=lengths)
    assert features.isfinite().all()
    for row, length in enumerate(lengths.tolist()):
        count = counts[row]
        assert not features[row, count:].any()
        if length >= 400:
            alone = FEATURES[name](padded[row, :length], **variant)
            torch.testing.assert_close(features[row, :count], alone, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FEATURES)
def test_padding_reaches_no_gradient(name):
    wave = noise(2, 1500)
    wave[1, 900:] = torch.nan
    leaf = wave.clone().requires_grad_()
    features, counts = FEATURES[name](leaf, lengths=torch.tensor([1500, 900]))
    assert counts.tolist() == [7, 4]
    features.sum().backward()
    assert leaf.grad.isfinite().all()
    assert not leaf.grad[1, 900:].any()


@pytest.mark.parametrize("size", [400, 401])
@pytest.mark.parametrize("hop", [160, 161, 400])
def test_without_snipped_edges_the_signal_is_mirrored(size, hop):
    wave = noise(1234)
    given = options(sample_frequency=1000.0, frame_length=float(size), frame_shift=float(hop), snip_edges=False)
    padded = np.pad(wave.numpy(), 2000, mode="symmetric")
    count = (1234 + hop // 2) // hop
    starts = 2000 + hop // 2 - size // 2 + hop * np.arange(count)
    expected = np.stack([padded[start : start + size] for start in starts])
    np.testing.assert_array_equal(frames_of(wave, given, None).numpy(), expected)
    lengths = torch.tensor(1234)
    longer = torch.cat((wave, noise(777)))
    np.testing.assert_array_equal(frames_of(longer, given, lengths)[:count].numpy(), expected)


def test_a_signal_much_shorter_than_a_frame_is_mirrored_again_and_again():
    wave = torch.tensor([1.0, 2.0, 3.0])
    given = options(sample_frequency=1000.0, frame_length=10.0, frame_shift=2.0, snip_edges=False)
    expected = [3.0, 3.0, 2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    assert frames_of(wave, given, None)[0].tolist() == expected


def test_counts_are_those_of_the_frames():
    for snip in (True, False):
        given = options(snip_edges=snip)
        for time in (400, 401, 559, 560, 561, 4000):
            assert frame_counts(torch.tensor(time), given) == frames_of(torch.zeros(time), given, None).shape[-2]


def test_shorter_than_the_least_duration_has_no_frames():
    assert kaldi.fbank(torch.zeros(1, 800), min_duration=0.051).shape == (0, 23)
    assert kaldi.fbank(torch.zeros(1, 800), min_duration=0.05).shape == (3, 23)


def test_integer_lengths_of_the_right_shape_are_asked_for():
    wave = torch.zeros(2, 800)
    with pytest.raises(ValueError, match=r"lengths must be integers, got float32; give samples; for relative"):
        select_signals(wave, options(), torch.ones(2))
    with pytest.raises(ValueError, match=r"one length for each signal, shape \(2,\), got \(3,\)"):
        select_signals(wave, options(), torch.tensor([1, 2, 3]))
    with pytest.raises(ValueError, match=r"channel=1 cannot be chosen with lengths"):
        select_signals(wave, options(channel=1), torch.tensor([1, 2]))


def test_a_signal_shorter_than_a_frame_is_refused_with_the_remedies():
    with pytest.raises(ValueError, match=r"at least one frame of 400 samples, got 399; pad it, set snip_edges=False"):
        kaldi.fbank(torch.zeros(1, 399))
    with pytest.raises(ValueError, match="got 0"):
        kaldi.fbank(torch.zeros(1, 0), snip_edges=False)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"window_type": "povy"}, "window_type must be one of .* did you mean povey"),
        ({"sample_frequency": 0.0}, "sample_frequency must be positive, got 0.0; give it in Hz"),
        ({"preemphasis_coefficient": 1.5}, "preemphasis_coefficient must be in 0 to 1, got 1.5"),
        ({"frame_length": 0.1}, "at least 2 samples and a shift at least 1, got 1 and 160"),
        ({"frame_shift": 0.0}, "got 400 and 0"),
    ],
)
def test_options_that_cannot_be_used_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        options(**changed)


def test_the_mean_is_that_of_the_signal_alone():
    features = torch.arange(8.0).reshape(2, 4, 1)
    given = options(subtract_mean=True, sample_frequency=1000.0, frame_length=10.0, frame_shift=10.0)
    finished, counts = finish_features(features, given, torch.tensor([40, 20]))
    assert counts.tolist() == [4, 2]
    assert finished[..., 0].tolist() == [[-1.5, -0.5, 0.5, 1.5], [-0.5, 0.5, 0.0, 0.0]]
