import pytest
import scipy.signal
import torch

from sonovox.dsp import loudness as home
from sonovox.dsp.loudness import Loudness, loudness


def tone(rate, seconds, level_db=0.0, frequency=997):
    time = torch.arange(int(seconds * rate), dtype=torch.float64) / rate
    return 10 ** (level_db / 20) * torch.sin(2 * torch.pi * frequency * time)


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
def test_a_full_scale_tone_is_three_below_zero(rate):
    """BS.1770-4, annex 1: -3.01 LKFS in one channel; EBU Tech 3341 asks for 0.1."""
    assert loudness(tone(rate, 3), rate).item() == pytest.approx(-3.01, abs=0.1)
    stereo = tone(rate, 3, -23.0).expand(2, -1)
    assert loudness(stereo, rate).item() == pytest.approx(-23.0, abs=0.1)


def test_surround_channels_count_more():
    wave = torch.zeros(5, 48000, dtype=torch.float64)
    wave[0] = tone(48000, 1, -20)
    front = loudness(wave, 48000)
    surround = loudness(wave.flip(0), 48000)
    assert (surround - front).item() == pytest.approx(1.4922, abs=1e-4)  # 10 log10(1.41)


def test_quiet_parts_are_gated():
    """EBU Tech 3341, case 3: 10 s at -36, 60 s at -23, 10 s at -36 dBFS are -23 LUFS."""
    parts = [tone(16000, seconds, level) for seconds, level in ((10, -36), (60, -23), (10, -36))]
    assert loudness(torch.cat(parts).expand(2, -1), 16000).item() == pytest.approx(-23.0, abs=0.1)
    with_silence = torch.cat((parts[1], torch.zeros(60 * 16000).double()))
    assert loudness(with_silence.expand(2, -1), 16000).item() == pytest.approx(-23.0, abs=0.15)


def test_the_weighting_is_the_standard_s_to_a_twentieth_of_a_decibel():
    shelf_a, shelf_b, highpass_a, highpass_b = (part.numpy() for part in home._k_weighting(48000))
    tables = (  # BS.1770-4, tables 1 and 2
        ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585]),
        ([1, -2, 1], [1, -1.99004745483398, 0.99007225036621]),
    )
    for frequency in (30, 100, 500, 1000, 2000, 5000, 15000):
        angle = 2 * torch.pi * frequency / 48000
        ours = [scipy.signal.freqz(b, a, [angle])[1][0] for b, a in ((shelf_b, shelf_a), (highpass_b, highpass_a))]
        theirs = [scipy.signal.freqz(b, a, [angle])[1][0] for b, a in tables]
        ratio = abs(ours[0] * ours[1] / theirs[0] / theirs[1])
        assert ratio == pytest.approx(1.0, abs=0.0058)  # 0.05 dB


@pytest.mark.parametrize(("kind", "name"), [("functional", "loudness"), ("transforms", "Loudness")])
def test_equals_torchaudio_but_for_its_clipping(torchaudio_calls, monkeypatch, kind, name):
    """It limits the signal to [-1, 1] between its filters, as the standard does not; so limited, ours is the same."""
    real = home.lfilter
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        (wave,) = inputs.values()
        rate = {**call.get("constructor", {}), **call["kwargs"]}["sample_rate"]
        monkeypatch.setattr(home, "lfilter", lambda x, a, b, clamp: real(x, a, b, clamp=True))
        torch.testing.assert_close(loudness(wave, rate), expected, rtol=1e-11, atol=1e-11)
        monkeypatch.setattr(home, "lfilter", real)
        torch.testing.assert_close(Loudness(rate)(wave), expected, rtol=0, atol=0.2)


def test_silence_is_the_floor_with_a_gradient_of_zero():
    wave = torch.zeros(2, 1, 16000, requires_grad=True)
    measured = loudness(wave, 16000)
    assert measured.tolist() == [-70.0, -70.0]
    measured.sum().backward()
    assert torch.equal(wave.grad, torch.zeros_like(wave))


def test_nan_is_not_gated_away():
    wave = tone(16000, 1).clone()
    wave[8000] = torch.nan
    assert loudness(wave, 16000).isnan()


@pytest.mark.parametrize(
    ("shape", "rate", "message"),
    [
        ((6, 48000), 48000, r"1 to 5 channels \(..., channel, time\), got 6 in \(6, 48000\); waveform.unsqueeze\(-2\)"),
        ((1, 19199), 48000, r"one block of 0.4 s = 19200 samples, got 19199; pad it"),
        ((1, 3000), 3000, "sample_rate must be at least 4000 Hz, got 3000"),
        ((1, 3000), 0, "sample_rate must be positive, got 0"),
    ],
)
def test_what_cannot_be_measured_is_named(shape, rate, message):
    with pytest.raises(ValueError, match=message):
        loudness(torch.zeros(shape), rate)
