"""Spectrogram, mel, log-mel, resampling, decibels."""

from dsp.matrix.case import Case
from sonovox import functional as F
from sonovox import transforms as T

CASES = [
    Case("Spectrogram", lambda: T.Spectrogram(64, hop_length=20)),
    Case("Spectrogram, magnitude", lambda: T.Spectrogram(64, hop_length=20, power=1.0)),
    Case("Spectrogram, root, two-sided", lambda: T.Spectrogram(64, hop_length=20, power=0.5, onesided=False)),
    Case("Spectrogram, complex", lambda: T.Spectrogram(64, hop_length=20, power=None)),
    Case("MelSpectrogram", lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10)),
    Case("MelSpectrogram, magnitude", lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10, power=1.0)),
    Case("mel_spectrogram", lambda: lambda x: F.mel_spectrogram(x, 16000, 128, hop_length=50, n_mels=10)),
    Case("LogMelSpectrogram", lambda: T.LogMelSpectrogram(20)),
    Case("Resample, down", lambda: T.Resample(3, 2)),
    Case("Resample, up", lambda: T.Resample(2, 3)),
    Case("Resample, Hann", lambda: T.Resample(3, 2, "sinc_interp_hann")),
    Case("Resample, Kaiser", lambda: T.Resample(2, 3, "sinc_interp_kaiser")),
    Case("AmplitudeToDB", lambda: T.AmplitudeToDB()),
    Case("DB_to_amplitude", lambda: lambda x: F.DB_to_amplitude(x, 1.0, 0.5)),
]
