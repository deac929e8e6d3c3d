import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from sonovox.dsp import kaldi_pitch
from sonovox.dsp.kaldi_pitch import compute_kaldi_pitch


@pytest.fixture(scope="module")
def recordings(torchaudio_reference):
    """What torchaudio 0.10.2 computed: (waveform, arguments, result)."""
    calls = json.loads((torchaudio_reference / "v010" / "only_in_010.json").read_text())
    arrays = np.load(torchaudio_reference / "v010" / "only_in_010.npz")
    found = []
    for name, call in calls.items():
        if name.startswith("compute_kaldi_pitch"):
            arguments = {key: value for key, value in call["kwargs"].items() if key != "input"}
            waveform, result = (torch.from_numpy(arrays[f"{name}.{part}"]) for part in ("in.waveform", "out.0"))
            found.append((waveform, arguments, result))
    return found


def tone(hz, seconds=0.5, sample_rate=16000, overtones=6):
    time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
    return sum(torch.sin(2 * math.pi * hz * k * time + k) / k for k in range(1, overtones + 1))


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100, 44101])
@pytest.mark.parametrize("hz", [60.0, 111.0, 230.0, 390.0])
def test_pitch_of_a_voice_is_its_own(hz, sample_rate):
    correlation, pitch = compute_kaldi_pitch(tone(hz, sample_rate=sample_rate), sample_rate)[2:-4].unbind(-1)
    # Lags are half a percent apart, and the preference for short ones may take the next.
    assert (pitch / hz).log().abs().max() < math.log(1.008)
    assert correlation.min() > 0.97


def test_a_glide_is_followed():
    hz = torch.linspace(100, 300, 16000, dtype=torch.float64)
    pitch = compute_kaldi_pitch(torch.sin(2 * math.pi * hz.cumsum(0) / 16000), 16000)[..., 1]
    middle = 160 * torch.arange(len(pitch)) + 250  # between the windows a lag apart
    assert (pitch[2:-3] / hz[middle][2:-3]).log().abs().max() < 0.015


def by_parts(waveform, arguments):
    """Lags, correlations at them, and the table of costs by the equations of the paper."""
    hop = round(4 * arguments.get("frame_shift", 10.0))
    f0 = arguments.get("min_f0", 50.0), arguments.get("max_f0", 400.0)
    search = kaldi_pitch._Search(*f0, 4000, 100, hop, 0.005, 5)
    low = kaldi_pitch._lowpassed(waveform.double(), arguments["sample_rate"], 4000, 1000, 1)
    products, norms = kaldi_pitch._correlations(kaldi_pitch._frames(low, search, True), search)
    lags, interpolation = kaldi_pitch._lags_and_interpolation(*dataclasses.astuple(search), low.dtype, low.device)
    ballast = 7000 * (100 * low.var(correction=0)) ** 2
    steered = kaldi_pitch._normalised(products, norms + ballast) @ interpolation
    cost = 1 - steered + 10 * lags * steered
    return lags, kaldi_pitch._normalised(products, norms) @ interpolation, cost


def places_of(pitch, lags):
    return (1 / pitch.double()[..., None] - lags).abs().argmin(-1)


def test_correlations_equal_those_of_torchaudio_at_its_lags(recordings):
    for waveform, arguments, expected in recordings:
        lags, correlations, _ = by_parts(waveform, arguments)
        places = places_of(expected[..., 1], lags)
        torch.testing.assert_close(1 / lags[places], expected[..., 1].double(), rtol=1e-5, atol=0)
        # Their float32: sums of 100 products, divided by what may be small.
        ours = correlations.gather(-1, places[..., None])[..., 0]
        torch.testing.assert_close(ours, expected[..., 0].double(), rtol=0, atol=2e-5)


def test_torchaudio_follows_running_costs_that_never_take_the_least_over_the_frame_before(recordings):
    # The defect that sets their path apart: what a lag costs up to a frame should be the least sum over the ways to it,
    # but is the sum of its own costs at every other frame. Costs, penalties and the way back are those of the paper.
    off = 0
    for waveform, arguments, expected in recordings:
        lags, _, cost = by_parts(waveform, arguments)
        state = torch.arange(len(lags), dtype=torch.float64)
        jumps = 0.1 * math.log(1.005) ** 2 * (state[:, None] - state).square()
        for item, pitch in zip(cost, expected[..., 1], strict=True):
            running = item.clone()
            running[::2] = 0
            running = running.cumsum(0)
            path = [int(running[-1].argmin())]
            for frame in reversed(range(len(item) - 1)):
                path.append(int((running[frame] + jumps[path[-1]]).argmin()))
            off += (torch.tensor(path[::-1]) - places_of(pitch, lags)).abs().sum().item()
    # Of 240 lags one is a neighbour, whose cost differs by 1e-7: below the rounding of their float32 sums.
    assert off <= 1


def test_our_path_is_cheaper_than_that_of_torchaudio_and_correlates_better(recordings):
    # Theirs is not the best path, which the paper asks for: it passes by voiced frames with correlations near 0.
    for waveform, arguments, expected in recordings:
        ours = compute_kaldi_pitch(waveform, **arguments)
        assert ours.shape == expected.shape
        assert ours[..., 0].mean() > expected[..., 0].mean() + 0.05
        lags, _, cost = by_parts(waveform, arguments)
        total = []
        for result in (ours, expected):
            places = places_of(result[..., 1], lags)
            jumps = 0.1 * math.log(1.005) ** 2 * places.diff().square().sum()
            total.append((cost.gather(-1, places[..., None]).sum() + jumps).item())
        assert total[0] < total[1]


def test_loudness_does_not_matter():
    wave = tone(150.0) + 0.3 * torch.randn(8000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(compute_kaldi_pitch(1e4 * wave, 16000), compute_kaldi_pitch(wave, 16000))


def test_silence_has_no_correlation():
    result = compute_kaldi_pitch(torch.zeros(2, 4000), 16000)
    assert result.isfinite().all()
    assert not result[..., 0].any()


def test_frames_are_counted_from_the_resampled_signal():
    wave = torch.randn(6720, generator=torch.Generator().manual_seed(0))
    assert compute_kaldi_pitch(wave, 16000).shape == (40, 2)
    assert compute_kaldi_pitch(wave, 16000, snip_edges=False).shape == (42, 2)
    assert compute_kaldi_pitch(wave, 16000, frame_shift=5.0).shape == (80, 2)


def test_all_edges_give_the_same_pitch_in_the_middle():
    wave = tone(150.0)
    whole = compute_kaldi_pitch(wave, 16000, snip_edges=False)[5:-5, 1]
    assert (whole / 150).log().abs().max() < math.log(1.008)


def test_gradients_are_those_of_the_correlation_alone():
    wave = tone(150.0, seconds=0.1).requires_grad_()
    correlation, pitch = compute_kaldi_pitch(wave, 16000).unbind(-1)
    assert torch.autograd.grad(pitch.sum() + 0 * correlation.sum(), wave)[0].abs().max() == 0
    assert wave.grad is None
    correlation = compute_kaldi_pitch(wave, 16000)[..., 0]
    assert torch.autograd.grad(correlation.sum(), wave)[0].abs().max() > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"min_f0": 400, "max_f0": 50},
            "0 < min_f0 < max_f0 < resample_frequency / 2 = 2000.0 is needed, got 400 and 50",
        ),
        ({"frames_per_chunk": 10}, "frames_per_chunk must be 0 and simulate_first_pass_online False, got 10"),
        ({"simulate_first_pass_online": True}, "found over the whole signal at once"),
        ({"lowpass_cutoff": 3000}, "at most half of sample_rate=16000 and of resample_frequency=4000, got 3000"),
        ({"frame_length": 0.1}, "a frame of at least 2 samples"),
        ({"delta_pitch": 0.0}, "positive delta_pitch"),
    ],
)
def test_options_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        compute_kaldi_pitch(torch.zeros(4000), 16000, **arguments)


def test_a_signal_shorter_than_a_frame_is_refused():
    with pytest.raises(ValueError, match="at least one frame, 100 samples at 4000 Hz, got 99; pad it"):
        compute_kaldi_pitch(torch.zeros(396), 16000)
