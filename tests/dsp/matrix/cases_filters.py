"""Recursive filters, biquads, and the effects that are built on them."""

import torch

from dsp.matrix.case import Case, noise
from sonovox import functional as F
from sonovox import transforms as T

A = torch.tensor([1.0, -1.2, 0.5], dtype=torch.float64)
B = torch.tensor([0.2, 0.1, 0.05], dtype=torch.float64)
A_BANK = torch.stack((A, torch.tensor([1.0, 0.3, 0.2], dtype=torch.float64)))
B_BANK = torch.stack((B, torch.tensor([0.5, -0.2, 0.1], dtype=torch.float64)))


def quiet(leading, time):
    """Nowhere near full scale, where limiting has a kink that finite differences cannot see."""
    return (0.2 * noise(*leading, time).tanh(),)


def with_coefficients(leading, time):
    return (*quiet(leading, time), A.float(), B.float())


def stereo(leading, time):
    return (0.2 * noise(*leading, 2, time).tanh(),)


def with_frequency(leading, time):
    return (*quiet(leading, time), torch.tensor(1234.0), torch.tensor(0.8))


def with_gain(leading, time):
    return (*quiet(leading, time), torch.tensor(1234.0), torch.tensor(-4.0))


def with_kernels(leading, time):
    return (*quiet(leading, time), noise(3, 17, seed=1))


def biquad_case(name, *arguments):
    """A filter of numbers."""
    return Case(name, lambda: lambda x: getattr(F, name)(x, *arguments), quiet)


NO_DRAW = "noise is drawn for all items together"

CASES = [
    Case("lfilter", lambda: lambda x, a, b: F.lfilter(x, a, b, clamp=False), with_coefficients),
    Case("lfilter, clamped", lambda: lambda x: F.lfilter(x, A, B), quiet),
    Case("lfilter, bank", lambda: lambda x: F.lfilter(x, A_BANK, B_BANK), stereo),
    Case("lfilter, all filters", lambda: lambda x: F.lfilter(x, A_BANK, B_BANK, batching=False), quiet),
    Case("lfilter, order 5", lambda: lambda x: F.lfilter(x, torch.tensor([1, -0.6, 0.3, 0.1, -0.05, 0.02]), B), quiet),
    Case("filtfilt", lambda: lambda x, a, b: F.filtfilt(x, a, b), with_coefficients),
    biquad_case("biquad", 0.2, 0.1, 0.05, 1.0, -1.2, 0.5),
    Case("allpass_biquad", lambda: lambda x, f, q: F.allpass_biquad(x, 16000, f, q), with_frequency),
    Case("band_biquad", lambda: lambda x, f, q: F.band_biquad(x, 16000, f, q), with_frequency),
    Case("band_biquad, noise", lambda: lambda x, f, q: F.band_biquad(x, 16000, f, q, noise=True), with_frequency),
    Case("bandpass_biquad", lambda: lambda x, f, q: F.bandpass_biquad(x, 16000, f, q), with_frequency),
    Case("bandreject_biquad", lambda: lambda x, f, q: F.bandreject_biquad(x, 16000, f, q), with_frequency),
    Case("highpass_biquad", lambda: lambda x, f, q: F.highpass_biquad(x, 16000, f, q), with_frequency),
    Case("lowpass_biquad", lambda: lambda x, f, q: F.lowpass_biquad(x, 16000, f, q), with_frequency),
    Case("lowpass_biquad, numbers", lambda: lambda x: F.lowpass_biquad(x, 16000, 1000.0), quiet),
    Case("bass_biquad", lambda: lambda x, f, g: F.bass_biquad(x, 16000, g, f), with_gain),
    Case("treble_biquad", lambda: lambda x, f, g: F.treble_biquad(x, 16000, g, f), with_gain),
    Case("equalizer_biquad", lambda: lambda x, f, g: F.equalizer_biquad(x, 16000, f, g), with_gain),
    biquad_case("deemph_biquad", 44100),
    biquad_case("riaa_biquad", 44100),
    Case("contrast", lambda: F.contrast, quiet),
    Case("dcshift", lambda: lambda x: F.dcshift(x, 0.3), quiet),
    Case(
        "dcshift, limited",
        lambda: lambda x: F.dcshift(x, 0.95, 0.05),
        quiet,
        not_applicable={"autocast": "the curve jumps at its threshold, and half precision rounds samples across it"},
    ),
    Case(
        "dither",
        lambda: F.dither,
        quiet,
        differentiable=False,
        not_applicable={
            "batch": NO_DRAW,
            "vmap": NO_DRAW,
            "strided": NO_DRAW,
            "inductor": "it draws other numbers",
        },
    ),
    Case("filter_waveform", lambda: F.filter_waveform, with_kernels),
    Case("flanger", lambda: lambda x: F.flanger(x, 16000), stereo),
    Case(
        "flanger, feedback",
        lambda: lambda x: F.flanger(x, 16000, 1.0, regen=40.0, interpolation="quadratic", speed=9.0),
        stereo,
    ),
    Case("gain", lambda: lambda x: F.gain(x, -3.0)),
    Case("overdrive", lambda: lambda x: F.overdrive(x, 10), quiet),
    Case("phaser", lambda: lambda x: F.phaser(x, 16000, mod_speed=2.0), quiet),
    Case("Preemphasis", T.Preemphasis),
    Case("Deemphasis", T.Deemphasis, quiet),
    Case("Loudness", lambda: T.Loudness(4000), stereo, time=2500, other_time=3700, short_time=1700),
]
