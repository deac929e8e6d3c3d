"""Spectrogram, mel, log-mel, resampling, decibels."""

import torch

from dsp.matrix.case import Case, spectrograms
from sonovox import functional as F
from sonovox import transforms as T

BY_BLOCKS = {"export": "which frames a block completes is decided in Python"}

CASES = [
    Case("Spectrogram", lambda: T.Spectrogram(64, hop_length=20)),
    Case("Spectrogram, magnitude", lambda: T.Spectrogram(64, hop_length=20, power=1.0)),
    Case("Spectrogram, root, two-sided", lambda: T.Spectrogram(64, hop_length=20, power=0.5, onesided=False)),
    Case("Spectrogram, complex", lambda: T.Spectrogram(64, hop_length=20, power=None)),
    Case("MelSpectrogram", lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10)),
    Case("MelSpectrogram, magnitude", lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10, power=1.0)),
    Case("mel_spectrogram", lambda: lambda x: F.mel_spectrogram(x, 16000, 128, hop_length=50, n_mels=10)),
    Case("LogMelSpectrogram", lambda: T.LogMelSpectrogram(20)),
    Case("log10_mel", lambda: lambda x: F.log10_mel(x, 20)),
    Case(
        "log10_mel_blocks",
        lambda: lambda x: torch.cat(list(F.log10_mel_blocks(x.split(100, -1), 20)), -1),
        not_applicable=BY_BLOCKS,
    ),
    Case("log_mel_of_stream", lambda: lambda x: F.log_mel_of_stream(x.split(100, -1), 20), not_applicable=BY_BLOCKS),
    Case("whisper_scale", lambda: F.whisper_scale, spectrograms(20), time=40, other_time=61, short_time=9),
    Case("Resample, down", lambda: T.Resample(3, 2)),
    Case("Resample, up", lambda: T.Resample(2, 3)),
    Case("Resample, long period", lambda: T.Resample(1601, 1600)),
    Case("Resample, Hann", lambda: T.Resample(3, 2, "sinc_interp_hann")),
    Case("Resample, Kaiser", lambda: T.Resample(2, 3, "sinc_interp_kaiser")),
    Case("AmplitudeToDB", lambda: T.AmplitudeToDB()),
    Case("DB_to_amplitude", lambda: lambda x: F.DB_to_amplitude(x, 1.0, 0.5)),
]
