import numpy as np
import pytest
import torch

from sonovox.dsp.spectrogram import Spectrogram, spectrogram


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_definition(wave, window, n_fft, hop):
    """The sum of the definition, frame by frame, on the signal mirrored at both ends."""
    padded = np.pad(wave, n_fft // 2, mode="reflect")
    n = np.arange(n_fft)
    basis = np.exp(-2j * np.pi * np.outer(np.arange(n_fft // 2 + 1), n) / n_fft)
    starts = range(0, len(padded) - n_fft + 1, hop)
    return np.stack([basis @ (window * padded[start : start + n_fft]) for start in starts], axis=1)


def test_equals_the_definition():
    wave, window = noise(300), torch.hann_window(48, dtype=torch.float64)
    expected = by_definition(wave.numpy(), window.numpy(), 48, 13)
    ours = spectrogram(wave, 0, window, 48, 13, 48, None, False)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-11)
    power = spectrogram(wave, 0, window, 48, 13, 48, 2.0, False)
    np.testing.assert_allclose(power.numpy(), np.abs(expected) ** 2, atol=1e-10)


@pytest.mark.parametrize("pad_mode", ["reflect", "constant", "replicate", "circular"])
@pytest.mark.parametrize("n_fft", [64, 65, 1])
def test_equals_torch_stft(n_fft, pad_mode):
    wave, window = noise(2, 500), torch.ones(n_fft, dtype=torch.float64)
    ours = spectrogram(wave, 0, window, n_fft, 17, n_fft, None, False, pad_mode=pad_mode)
    theirs = torch.stft(wave, n_fft, 17, window=window, pad_mode=pad_mode, return_complex=True)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_function_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("functional", "spectrogram"):
        ours = spectrogram(**inputs, **call["kwargs"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11, msg=lambda text, call=call: f"{call}: {text}")


def test_module_equals_torchaudio(torchaudio_calls, constructor_arguments, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "Spectrogram"):
        module = Spectrogram(**constructor_arguments(call["constructor"]))
        ours = module(inputs["waveform"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11, msg=lambda text, call=call: f"{call}: {text}")


@pytest.mark.parametrize("power", [2.0, 1.0, 0.7])
def test_float32_is_near_float64(power):
    wave = noise(3, 20000)
    module = Spectrogram(power=power)
    exact = module.double()(wave)
    # Rounding of a sum of 400 terms, relative to the largest bin.
    assert (module(wave.float()) - exact).abs().max() < 3e-6 * exact.max()


@pytest.mark.parametrize("time", [1000, 33333, 200000])
def test_chunks_do_not_show(time):
    wave = noise(2, time)
    whole = Spectrogram(power=None).double()(wave).abs().square()
    torch.testing.assert_close(Spectrogram().double()(wave), whole, rtol=1e-9, atol=1e-10)


def test_real_pairs_where_complex_numbers_are_not_wanted():
    wave = noise(400)
    pairs = Spectrogram(128, power=None, return_complex=False)(wave)
    assert pairs.shape == (65, 7, 2)
    torch.testing.assert_close(torch.view_as_complex(pairs), Spectrogram(128, power=None)(wave))


def test_normalising_by_the_window_keeps_the_energy_of_white_noise():
    wave = noise(1, 200000)
    power = Spectrogram(256, normalized=True, onesided=False).double()(wave)
    assert power.mean().item() == pytest.approx(1.0, rel=0.02)


def test_window_is_in_the_state():
    assert list(Spectrogram().state_dict()) == ["window"]  # as in torchaudio, whose checkpoints then load


def test_a_signal_shorter_than_its_mirror_is_refused():
    with pytest.raises(
        ValueError, match=r"at least 201 samples for n_fft // 2 = 200 samples of 'reflect' padding, got 200; pad it"
    ):
        Spectrogram()(torch.zeros(200))
    assert Spectrogram(pad_mode="constant")(torch.zeros(0)).shape == (201, 1)


def test_a_signal_shorter_than_a_frame_is_refused():
    with pytest.raises(ValueError, match=r"at least one frame of n_fft=400 samples, got 399"):
        Spectrogram(center=False)(torch.zeros(2, 399))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"win_length": 500}, "win_length must be at most n_fft=400, got 500"),
        ({"pad_mode": "reflct"}, "pad_mode must be one of reflect, .* did you mean reflect"),
        ({"normalized": "windw"}, "normalized must be one of frame_length, window, got 'windw'; did you mean window"),
        ({"power": 0.0}, "power must be positive"),
        ({"hop_length": 0}, "hop_length must be positive"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Spectrogram(**arguments)(torch.zeros(1000))


def test_a_window_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"window must have shape \(win_length,\) = \(400,\), got \(300,\)"):
        spectrogram(torch.zeros(1000), 0, torch.ones(300), 400, 200, 400, 2.0, False)
