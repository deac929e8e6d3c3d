"""What is made of spectra and for them: inverses, cepstra, masks, companding, pitch, activity."""

import torch

from dsp.matrix.case import Case, noise, spectrograms
from sonovox import functional as F
from sonovox import transforms as T

FRAMES = {"time": 40, "other_time": 61, "short_time": 9}  # of inputs that are spectrograms
POWERS = {"inputs": spectrograms(33), **FRAMES}
COMPLEX = {"inputs": spectrograms(33, is_complex=True), **FRAMES}


def cepstra(leading, time):
    return (noise(*leading, time, 6),)


def codes(leading, time):
    return (torch.arange(time).remainder(256).expand(*leading, time).clone(),)


CEPSTRA = {"inputs": cepstra, **FRAMES}
RANDOM = {
    "batch": "each item has a mask of its own",
    "vmap": "torch.vmap asks its caller how to draw random numbers",
    "compile": "compiled programs draw other random numbers",
    "inductor": "compiled programs draw other random numbers",
}
RANDOM_ONCE = {**RANDOM, "batch": "each call has a mask of its own"}
CODES = {
    "autocast": "rounding to half precision changes codes",
    "float64 stays": "the result is int64",
}
OF_CODES = {
    "integers refused": "codes are integers",
    "float64 stays": "the result of integers is float32",
    "silence": "codes have no silence",
}
DECISIONS = {
    "differentiable": False,
    "not_applicable": {"autocast": "rounding to half precision changes which lag is the best"},
}
LENGTHS = dict.fromkeys(
    ("compile", "inductor", "export", "TorchScript", "vmap"), "the length of the result depends on the samples"
) | {"batch": "recordings of a batch are cut at their own places, and padded"}

CASES = [
    Case("InverseSpectrogram", lambda: T.InverseSpectrogram(64, hop_length=20), **COMPLEX),
    Case("InverseSpectrogram, two-sided", lambda: T.InverseSpectrogram(33, hop_length=9, onesided=False), **COMPLEX),
    # Iterations multiply rounding errors: a hundredfold in four.
    Case("GriffinLim", lambda: T.GriffinLim(64, 4, hop_length=16, rand_init=False), tolerance=1e-3, **POWERS),
    Case("TimeStretch, faster", lambda: T.TimeStretch(20, 33, 1.3), tolerance=1e-4, **COMPLEX),
    Case("TimeStretch, slower", lambda: T.TimeStretch(20, 33, 0.7), tolerance=1e-4, **COMPLEX),
    Case(
        "phase_vocoder",
        lambda: lambda x: F.phase_vocoder(x, 1.1, torch.linspace(0, 30.0, 33)[:, None]),
        tolerance=1e-4,
        **COMPLEX,
    ),
    Case("SpectralCentroid", lambda: T.SpectralCentroid(16000, 64, hop_length=20)),
    Case("MFCC", lambda: T.MFCC(n_mfcc=8, melkwargs={"n_fft": 128, "hop_length": 50, "n_mels": 10})),
    Case("MFCC, natural logarithm", lambda: T.MFCC(n_mfcc=8, log_mels=True, melkwargs={"n_fft": 128, "n_mels": 10})),
    Case("mfcc", lambda: lambda x: F.mfcc(x, n_mfcc=8, melkwargs={"n_fft": 128, "n_mels": 10})),
    Case("LFCC", lambda: T.LFCC(n_filter=20, n_lfcc=8, speckwargs={"n_fft": 128, "hop_length": 50})),
    Case("MelScale", lambda: T.MelScale(8, n_stft=33), **POWERS),
    Case("InverseMelScale", lambda: T.InverseMelScale(33, 8), inputs=spectrograms(8), **FRAMES),
    Case("BarkSpectrogram", lambda: T.BarkSpectrogram(n_fft=128, n_barks=10)),
    Case("BarkScale", lambda: T.BarkScale(8, n_stft=33), **POWERS),
    Case("InverseBarkScale", lambda: T.InverseBarkScale(33, 8), inputs=spectrograms(8), **FRAMES),
    Case("ChromaSpectrogram", lambda: T.ChromaSpectrogram(16000, 128)),
    Case("ChromaScale", lambda: T.ChromaScale(16000, 33), **POWERS),
    Case("magphase", lambda: F.magphase, **COMPLEX),
    Case("angle", lambda: F.angle, **COMPLEX),
    Case("ComplexNorm", lambda: T.ComplexNorm(1.5), **COMPLEX),
    Case("ComputeDeltas", lambda: T.ComputeDeltas(7), **POWERS),
    Case("ComputeDeltas, reflect", lambda: T.ComputeDeltas(5, "reflect"), **POWERS),
    Case("SlidingWindowCmn", lambda: T.SlidingWindowCmn(20, 5), **CEPSTRA),
    Case("SlidingWindowCmn, variance", lambda: T.SlidingWindowCmn(20, 5, True, True), tolerance=1e-4, **CEPSTRA),
    Case("FrequencyMasking", lambda: T.FrequencyMasking(8), not_applicable=RANDOM_ONCE, **POWERS),
    Case("TimeMasking, iid", lambda: T.TimeMasking(8, iid_masks=True, p=0.3), not_applicable=RANDOM, **POWERS),
    Case(
        "mask_along_axis",
        lambda: lambda x: F.mask_along_axis(x, 8, 0.0, -1),
        not_applicable=RANDOM_ONCE,
        **POWERS,
    ),
    Case(
        "mask_along_axis_iid",
        lambda: lambda x: F.mask_along_axis_iid(x, 8, 0.0, -2),
        not_applicable=RANDOM,
        **POWERS,
    ),
    Case("SpecAugment", lambda: T.SpecAugment(2, 8, 2, 6), not_applicable=RANDOM, **POWERS),
    Case("MuLawEncoding", lambda: T.MuLawEncoding(), differentiable=False, not_applicable=CODES),
    Case("MuLawDecoding", lambda: T.MuLawDecoding(), inputs=codes, differentiable=False, not_applicable=OF_CODES),
    Case("PitchShift, up", lambda: T.PitchShift(8000, 4, n_fft=128), tolerance=1e-3),
    Case("PitchShift, down", lambda: T.PitchShift(8000, -3, n_fft=128), tolerance=1e-3),
    Case("Fade", lambda: T.Fade(20, 30, "half_sine")),
    Case("Fade, logarithmic", lambda: T.Fade(20, 30, "logarithmic")),
    Case("Vol", lambda: T.Vol(-6.0, "db")),
    Case("detect_pitch_frequency", lambda: lambda x: F.detect_pitch_frequency(x, 8000, win_length=3), **DECISIONS),
    Case("Vad", lambda: T.Vad(8000, trigger_level=5.0), not_applicable=LENGTHS),
    Case(
        "vad_start",
        lambda: lambda x: F.vad_start(x.unsqueeze(-2), 8000, trigger_level=5.0),
        differentiable=False,
        not_applicable=dict.fromkeys(
            ("compile", "inductor", "export", "TorchScript", "vmap"), "the place is searched for in Python"
        ),
    ),
]
