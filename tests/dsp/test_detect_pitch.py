import json
import math

import numpy as np
import pytest
import torch

from sonovox.dsp.detect_pitch import detect_pitch_frequency


def by_loop(wave, rate, frame_time, win_length, low, high):
    """The definition, lag by lag in float64."""
    size, n_lags = math.ceil(rate * frame_time), math.ceil(rate / low)
    count = math.ceil(len(wave) / size)
    wave = np.pad(wave, (0, n_lags + count * size - len(wave)))
    shortest = math.ceil(rate / high)
    lags = []
    for frame in range(count):
        own = wave[frame * size : (frame + 1) * size]
        others = [wave[frame * size + lag : (frame + 1) * size + lag] for lag in range(1, n_lags + 1)]
        norm = np.linalg.norm
        scores = np.array([own @ x / (1e-9 + norm(own)) ** 2 / (1e-9 + norm(x)) ** 2 for x in others])
        best, short = scores[shortest:], scores[shortest : n_lags // 2]
        place = short.argmax() if short.max() > 0.99 * best.max() else best.argmax()
        lags.append(place + shortest + 1)
    before = (win_length - 1) // 2
    lags = np.array([lags[0]] * before + lags)
    windows = np.lib.stride_tricks.sliding_window_view(lags, win_length)
    return rate / np.sort(windows, axis=1)[:, (win_length - 1) // 2]


def test_equals_the_definition():
    wave = torch.randn(4000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = by_loop(wave.numpy(), 8000, 0.01, 8, 100, 2000)
    np.testing.assert_allclose(detect_pitch_frequency(wave, 8000, 0.01, 8, 100, 2000).numpy(), expected)


def test_equals_torchaudio(torchaudio_reference):
    path = torchaudio_reference / "functional" / "detect_pitch_frequency.npz"
    arrays = np.load(path)
    for call in json.loads(path.with_suffix(".json").read_text())["calls"]:
        wave = torch.from_numpy(arrays[f"{call['id']}.in.waveform"])
        expected = torch.from_numpy(arrays[f"{call['id']}.out32.0"])
        torch.testing.assert_close(detect_pitch_frequency(wave, **call["kwargs"]), expected, rtol=1e-6, atol=0)


def test_a_voice_that_rises_is_followed():
    time = torch.arange(16000) / 16000
    phase = 2 * torch.pi * (120 * time + 40 * time.square())  # from 120 to 200 Hz in a second
    pitch = detect_pitch_frequency(sum(torch.sin(k * phase) / k for k in range(1, 6)), 16000, win_length=5)
    assert pitch[5].item() == pytest.approx(125, rel=0.05)
    assert pitch[-5].item() == pytest.approx(195, rel=0.05)


def test_what_has_no_pitch_to_look_for_is_refused():
    with pytest.raises(ValueError, match="0 < freq_low < freq_high <= sample_rate=8000, got 500 and 400"):
        detect_pitch_frequency(torch.zeros(8000), 8000, freq_low=500, freq_high=400)
    with pytest.raises(ValueError, match="at least 16 frames of 80 samples for win_length=30, got 100 samples"):
        detect_pitch_frequency(torch.zeros(100), 8000)
