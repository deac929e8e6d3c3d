import numpy as np
import pytest
import torch

from sonovox.dsp.kaldi.fbank import fbank

# The options of ours that kaldi-native-fbank has, and where: options, frame options, mel options.
NATIVE = [
    {},
    {"num_mel_bins": 80},
    {"snip_edges": False},
    {"window_type": "hamming", "preemphasis_coefficient": 0.9},
    {"use_energy": True, "raw_energy": False, "num_mel_bins": 40},
    {"use_power": False, "low_freq": 100.0, "high_freq": 3700.0},
]


def test_equals_torchaudio(kaldi_calls):
    for name, waveform, arguments, expected in kaldi_calls("fbank"):
        if expected is None:
            with pytest.raises(ValueError, match="even number of samples, got 441"):
                fbank(waveform, **arguments)
            continue
        ours = fbank(waveform, **arguments)
        if arguments.get("use_log_fbank", True):
            # Sums of few bins near zero, each with an error of 3e-7 of the frame's largest amplitude;
            # the narrowest filters are rounded in their float32 too.
            torch.testing.assert_close(ours, expected, rtol=0, atol=4e-4, msg=lambda text, name=name: f"{name}: {text}")
        else:
            assert (ours - expected).abs().max() < 2e-6 * expected.max()


@pytest.mark.peers
@pytest.mark.parametrize("arguments", NATIVE)
def test_equals_kaldi_native_fbank(arguments):
    native = pytest.importorskip("kaldi_native_fbank")
    wave = 1000 * torch.randn(8000, generator=torch.Generator().manual_seed(0))
    options = native.FbankOptions()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = 23
    options.energy_floor = 1.0
    frame = {"snip_edges": "snip_edges", "window_type": "window_type", "preemphasis_coefficient": "preemph_coeff"}
    mel = {"num_mel_bins": "num_bins", "low_freq": "low_freq", "high_freq": "high_freq"}
    for key, value in arguments.items():
        home = options.frame_opts if key in frame else options.mel_opts if key in mel else options
        setattr(home, frame.get(key) or mel.get(key) or key, value)
    computer = native.OnlineFbank(options)
    computer.accept_waveform(16000, wave.numpy())
    computer.input_finished()
    theirs = np.stack([computer.get_frame(index) for index in range(computer.num_frames_ready)])
    # The rounding of their float32 transform, in logarithms of sums of few bins.
    np.testing.assert_allclose(fbank(wave, **arguments).numpy(), theirs, rtol=0, atol=3e-4)


def test_the_energy_stands_before_the_filters_or_after_them():
    wave = 1000 * torch.randn(4000, generator=torch.Generator().manual_seed(0))
    plain, first, last = fbank(wave), fbank(wave, use_energy=True), fbank(wave, use_energy=True, htk_compat=True)
    torch.testing.assert_close(first[:, 1:], plain)
    torch.testing.assert_close(last[:, :-1], plain)
    torch.testing.assert_close(first[:, 0], last[:, -1])


def test_silence_is_the_least_logarithm():
    assert fbank(torch.zeros(400)).unique().tolist() == pytest.approx([-15.9424])


def test_a_filter_without_bins_is_told_by_its_number():
    with pytest.warns(UserWarning, match="1 of 127 mel filters are empty: 3"):
        fbank(torch.zeros(4000), num_mel_bins=127)
