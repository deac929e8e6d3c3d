"""Functions on sound: a face on `sonovox.dsp`, whose files hold them.

>>> import torch
>>> import sonovox.functional as F
>>> F.resample(torch.zeros(2, 44100), 44100, 16000).shape
torch.Size([2, 16000])
"""

from sonovox.dsp.log_mel import log10_mel, log10_mel_blocks, log_mel_of_stream, log_mel_spectrogram, whisper_scale
from sonovox.dsp.mel import create_fb_matrix, hz_to_mel, mel_to_hz, melscale_fbanks
from sonovox.dsp.mel_spectrogram import mel_spectrogram
from sonovox.dsp.resample import resample, resample_guard
from sonovox.dsp.spectrogram import spectrogram
from sonovox.dsp.units import DB_to_amplitude, amplitude_to_DB

__all__ = [
    "DB_to_amplitude",
    "amplitude_to_DB",
    "create_fb_matrix",
    "hz_to_mel",
    "log10_mel",
    "log10_mel_blocks",
    "log_mel_of_stream",
    "log_mel_spectrogram",
    "mel_spectrogram",
    "mel_to_hz",
    "melscale_fbanks",
    "resample",
    "resample_guard",
    "spectrogram",
    "whisper_scale",
]
