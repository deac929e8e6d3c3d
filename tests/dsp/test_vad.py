import json

import numpy as np
import pytest
import torch

from sonovox.dsp.vad import Vad, vad, vad_start


@pytest.mark.parametrize("kind", ["functional", "transforms"])
def test_length_is_that_of_torchaudio_and_sox(kind, torchaudio_calls, float64_default):
    name = "vad" if kind == "functional" else "Vad"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        wave = inputs["waveform"]
        ours = vad(wave, **call["kwargs"]) if kind == "functional" else Vad(**call["constructor"])(wave)
        torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_length_is_that_of_the_sox_binary(torchaudio_reference):
    folder = torchaudio_reference / "sox"
    known = json.loads((folder / "effects.json").read_text())
    arrays = np.load(folder / "inputs.npz")
    names = "t trigger_level T trigger_time s search_time g allowed_gap p pre_trigger_time b boot_time N noise_up_time "
    names += "n noise_down_time r noise_reduction_amount f measure_freq m measure_duration M measure_smooth_time "
    names += "h hp_filter_freq l lp_filter_freq H hp_lifter_freq L lp_lifter_freq"
    options = dict(zip(("-" + letter for letter in names.split()[::2]), names.split()[1::2], strict=True))
    for effect in known["effects"]["vad"]:
        words = effect["args"][1:]
        settings = {options[key]: float(value) for key, value in zip(words[::2], words[1::2], strict=True)}
        for name, result in effect["on"].items():
            wave = torch.from_numpy(arrays[name].T.copy()).double() / 32768
            cut = vad(wave, result["rate"], **settings)
            assert cut.shape[-1] == result["frames"], (name, effect["args"])


def voice(start, time=24000, rate=8000):
    seconds = torch.arange(time, dtype=torch.float64) / rate
    buzz = sum(torch.sin(2 * torch.pi * 140 * k * seconds) for k in range(1, 14))
    noise = 0.001 * torch.randn(time, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return torch.where(seconds >= start, 0.05 * buzz, 0.0) + noise


def test_each_recording_is_cut_at_its_own_place():
    recordings = torch.stack((voice(1.0), voice(2.0)))[:, None]
    starts = vad_start(recordings, 8000)
    together = vad(recordings, 8000)
    for index, start in enumerate(starts.tolist()):
        alone = vad(recordings[index], 8000)
        assert alone.shape[-1] == 24000 - start
        torch.testing.assert_close(together[index, :, : alone.shape[-1]], alone)
        assert not together[index, :, alone.shape[-1] :].any()
    assert starts[1] - starts[0] == pytest.approx(8000, abs=400)  # a measure


def test_channels_are_cut_together_at_the_earliest():
    both = torch.stack((voice(2.0), voice(1.0)))
    assert vad(both, 8000).shape[-1] == vad(both[1], 8000).shape[-1]


def test_time_before_the_trigger_is_kept_on_demand():
    wave = voice(1.5)
    assert vad(wave, 8000, pre_trigger_time=0.25).shape[-1] == vad(wave, 8000).shape[-1] + 2000
    assert vad_start(wave, 8000, pre_trigger_time=0.25) == vad_start(wave, 8000) - 2000


@pytest.mark.parametrize("time", [0, 100, 8000])
def test_without_a_voice_nothing_is_left(time):
    assert vad(torch.zeros(2, time), 8000).shape == (2, 0)
    assert vad(torch.zeros(3, 2, time), 8000).shape == (3, 2, 0)
    assert vad(torch.zeros(time), 8000, pre_trigger_time=0.01).shape == (min(time, 80),)


def test_settings_that_leave_nothing_to_measure_are_refused():
    with pytest.raises(ValueError, match="leave no part of the cepstrum at 8000 Hz; lower hp_lifter_freq or raise"):
        Vad(8000, hp_lifter_freq=3000.0)
    with pytest.raises(ValueError, match="sample_rate must be positive, got 0"):
        Vad(0)
