"""Modules on sound: a face on `sonovox.dsp`, whose files hold them.

>>> import torch
>>> import sonovox.transforms as T
>>> T.MelSpectrogram(n_mels=40)(torch.zeros(2, 16000)).shape
torch.Size([2, 40, 81])
"""

from sonovox.dsp.add_noise import AddNoise
from sonovox.dsp.bark import BarkScale, BarkSpectrogram
from sonovox.dsp.chroma import ChromaScale, ChromaSpectrogram
from sonovox.dsp.companding import MuLawDecoding, MuLawEncoding
from sonovox.dsp.convolve import Convolve, FFTConvolve
from sonovox.dsp.deltas import ComputeDeltas
from sonovox.dsp.fade import Fade
from sonovox.dsp.griffin_lim import GriffinLim
from sonovox.dsp.inverse_bark import InverseBarkScale
from sonovox.dsp.inverse_mel import InverseMelScale
from sonovox.dsp.inverse_spectrogram import InverseSpectrogram
from sonovox.dsp.lfcc import LFCC
from sonovox.dsp.log_mel import LogMelSpectrogram
from sonovox.dsp.loudness import Loudness
from sonovox.dsp.magphase import ComplexNorm
from sonovox.dsp.masking import FrequencyMasking, SpecAugment, TimeMasking
from sonovox.dsp.mel import MelScale
from sonovox.dsp.mel_spectrogram import MelSpectrogram
from sonovox.dsp.mfcc import MFCC
from sonovox.dsp.mvdr import MVDR, PSD, RTFMVDR, SoudenMVDR
from sonovox.dsp.phase_vocoder import TimeStretch
from sonovox.dsp.pitch_shift import PitchShift
from sonovox.dsp.preemphasis import Deemphasis, Preemphasis
from sonovox.dsp.resample import Resample
from sonovox.dsp.rnnt import RNNTLoss
from sonovox.dsp.sliding_window_cmn import SlidingWindowCmn
from sonovox.dsp.spectral_centroid import SpectralCentroid
from sonovox.dsp.spectrogram import Spectrogram
from sonovox.dsp.speed import Speed, SpeedPerturbation
from sonovox.dsp.units import AmplitudeToDB
from sonovox.dsp.vad import Vad
from sonovox.dsp.vol import Vol

__all__ = [
    "AddNoise",
    "AmplitudeToDB",
    "BarkScale",
    "BarkSpectrogram",
    "ChromaScale",
    "ChromaSpectrogram",
    "ComplexNorm",
    "ComputeDeltas",
    "Convolve",
    "Deemphasis",
    "FFTConvolve",
    "Fade",
    "FrequencyMasking",
    "GriffinLim",
    "InverseBarkScale",
    "InverseMelScale",
    "InverseSpectrogram",
    "LFCC",
    "LogMelSpectrogram",
    "Loudness",
    "MFCC",
    "MVDR",
    "MelScale",
    "MelSpectrogram",
    "MuLawDecoding",
    "MuLawEncoding",
    "PSD",
    "PitchShift",
    "Preemphasis",
    "RNNTLoss",
    "RTFMVDR",
    "Resample",
    "SlidingWindowCmn",
    "SoudenMVDR",
    "SpecAugment",
    "SpectralCentroid",
    "Spectrogram",
    "Speed",
    "SpeedPerturbation",
    "TimeMasking",
    "TimeStretch",
    "Vad",
    "Vol",
]
