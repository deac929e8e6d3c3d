"""Modules on sound: a face on `sonovox.dsp`, whose files hold them.

>>> import torch
>>> import sonovox.transforms as T
>>> T.MelSpectrogram(n_mels=40)(torch.zeros(2, 16000)).shape
torch.Size([2, 40, 81])
"""

from sonovox.dsp.log_mel import LogMelSpectrogram
from sonovox.dsp.mel import MelScale
from sonovox.dsp.mel_spectrogram import MelSpectrogram
from sonovox.dsp.resample import Resample
from sonovox.dsp.spectrogram import Spectrogram
from sonovox.dsp.units import AmplitudeToDB

__all__ = ["AmplitudeToDB", "LogMelSpectrogram", "MelScale", "MelSpectrogram", "Resample", "Spectrogram"]
