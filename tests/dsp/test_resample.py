import math

import pytest
import torch

from sonovox.dsp.resample import Resample, resample, resample_guard

METHODS = ["hq", "sinc_interp_hann", "sinc_interp_kaiser"]


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_function_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, single in torchaudio_calls("functional", "resample"):
        arguments = {"resampling_method": "sinc_interp_hann"} | call["kwargs"]
        ours = resample(inputs["waveform"], **arguments)
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11, msg=lambda text, call=call: f"{call}: {text}")
        # torchaudio makes its weights in float32, which costs it up to 2e-5 (f32_vs_f64 in the reference).
        torch.testing.assert_close(resample(inputs["waveform"].float(), **arguments), single, rtol=0, atol=4e-5)


def test_module_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "Resample"):
        module = Resample(**({"resampling_method": "sinc_interp_hann"} | call["constructor"]))
        ours = module(inputs["waveform"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11, msg=lambda text, call=call: f"{call}: {text}")


@pytest.mark.parametrize(
    ("old", "new"), [("sinc_interpolation", "sinc_interp_hann"), ("kaiser_window", "sinc_interp_kaiser")]
)
def test_old_names_of_the_methods_work(old, new):
    wave = noise(500)
    assert torch.equal(resample(wave, 3, 2, resampling_method=old), resample(wave, 3, 2, resampling_method=new))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rates", [(44100, 16000), (16000, 44100), (2, 1), (16000, 15999), (101, 2)])
@pytest.mark.parametrize("time", [0, 1, 3, 441, 1000])
def test_length_is_that_of_the_duration_rounded_up(method, rates, time):
    orig, new = rates
    resampled = resample(noise(2, time), orig, new, resampling_method=method)
    assert resampled.shape == (2, math.ceil(new * time / orig))
    assert resampled.isfinite().all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_rates_change_nothing(method):
    wave = noise(100)
    assert resample(wave, 16000, 16000.0, resampling_method=method) is wave


@pytest.mark.parametrize("rates", [(2000001, 2000000), (1, 9001), (44100, 16001)])
def test_long_periods_cost_neither_memory_nor_time(rates):
    orig, new = rates
    wave = torch.sin(0.3 * torch.arange(3000, dtype=torch.float64))[: max(3000 * orig // new, 300)]
    resampled = resample(wave, orig, new)
    assert len(resampled) == -(-len(wave) * new // orig)
    truth = torch.sin(0.3 * orig / new * torch.arange(len(resampled), dtype=torch.float64))
    edge = 120 * max(new // orig, 1)
    torch.testing.assert_close(resampled[edge:-edge], truth[edge:-edge], rtol=0, atol=1e-6)


def test_a_few_samples_are_a_piece_of_a_longer_signal():
    wave = noise(3)
    longer = torch.nn.functional.pad(wave, (0, 50000))
    torch.testing.assert_close(resample(wave, 44100, 16000), resample(longer, 44100, 16000)[:2], rtol=0, atol=1e-6)


def test_upsampling_and_back_is_the_same_signal():
    # The band below 0.9 of the Nyquist frequency survives both ways.
    wave = resample(resample(noise(2, 30000).double(), 10, 8), 8, 10)[..., :30000]
    back = resample(resample(wave, 16000, 44100), 44100, 16000)[..., :30000]
    torch.testing.assert_close(back[..., 200:-200], wave[..., 200:-200], rtol=0, atol=1e-6)


def test_half_precision_keeps_its_dtype():
    for dtype in (torch.float16, torch.bfloat16):
        assert resample(noise(100).to(dtype), 3, 2).dtype == dtype
    assert Resample(3, 2, dtype=torch.float64)(noise(100)).dtype == torch.float32


def test_computing_in_float64_is_nearer_the_truth():
    wave = noise(5000)
    truth = resample(wave.double(), 44100, 16000)
    torch.testing.assert_close(Resample(44100, 16000, dtype=torch.float64)(wave), truth.float(), rtol=0, atol=0)


@pytest.mark.parametrize(
    "rates", [(44100, 16000), (16000, 44100), (8000, 16000), (48000, 44100), (16000, 15999), (1, 2000)]
)
def test_the_guard_is_a_multiple_of_the_period(rates):
    orig, new = rates
    guard = resample_guard(orig, new)
    assert guard > 0
    assert guard % (orig // math.gcd(orig, new)) == 0


def test_a_sample_beyond_the_guard_has_no_influence():
    wave = noise(20000).double()
    guard, piece = resample_guard(44100, 16000), 441 * 10
    changed = wave.clone()
    changed[piece + guard :] = 100.0
    difference = resample(wave, 44100, 16000)[:1600] - resample(changed, 44100, 16000)[:1600]
    assert difference.abs().max() < 1e-4  # 120 dB below the 100 that stands there


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((44100.5, 16000), "orig_freq must be a whole number, got 44100.5; multiply both rates"),
        ((44100, float("nan")), "new_freq must be positive, got nan"),
        ((float("inf"), 16000), "orig_freq must be a whole number, got inf"),
        ((0, 16000), "orig_freq must be positive, got 0; give it in Hz"),
        ((16000, -1), "new_freq must be positive, got -1"),
        (
            (2000001, 2000000, 6, 0.99, "sinc_interp_hann"),
            "2000001 / 2000000 in lowest terms needs blocks of 6000003 samples, .* round one of the rates",
        ),
        ((1000000, 1), "1000000 / 1 in lowest terms needs blocks of 212000017 samples, .* in two steps"),
        ((3, 2, 64), "lowpass_filter_width=64 and rolloff=0.99 have no meaning for resampling_method='hq'"),
        ((3, 2, 6, 1.5, "sinc_interp_hann"), "rolloff must be above 0 and at most 1, got 1.5"),
        ((3, 2, 0, 0.9, "sinc_interp_hann"), "lowpass_filter_width must be positive"),
        ((3, 2, 6, 0.99, "sinc_interp_han"), "got 'sinc_interp_han'; did you mean sinc_interp_hann"),
        ((3, 2, 6, 0.99, "sinc_interp_hann", 8.0), "beta=8.0 has no meaning for resampling_method='sinc_interp_hann'"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        resample(torch.zeros(10), *arguments)


def test_the_module_refuses_when_it_is_made():
    with pytest.raises(ValueError, match="whole number"):
        Resample(44100.5, 16000)
    with pytest.raises(ValueError, match="no meaning"):
        Resample(44100, 16000, rolloff=0.9)
