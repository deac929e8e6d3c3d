"""Kaldi's features: a face on `sonovox.dsp.kaldi`, whose files hold them.

The names and arguments are those of `torchaudio.compliance.kaldi`; each feature also
takes a batch of signals of different lengths.

>>> import torch
>>> from sonovox.compliance import kaldi
>>> kaldi.fbank(torch.zeros(1, 16000), num_mel_bins=80).shape
torch.Size([98, 80])
"""

from sonovox.dsp.kaldi import (
    fbank,
    get_mel_banks,
    inverse_mel_scale,
    inverse_mel_scale_scalar,
    mel_scale,
    mel_scale_scalar,
    mfcc,
    spectrogram,
    vtln_warp_freq,
    vtln_warp_mel_freq,
)

__all__ = [
    "fbank",
    "get_mel_banks",
    "inverse_mel_scale",
    "inverse_mel_scale_scalar",
    "mel_scale",
    "mel_scale_scalar",
    "mfcc",
    "spectrogram",
    "vtln_warp_freq",
    "vtln_warp_mel_freq",
]
