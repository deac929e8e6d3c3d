"""Features as Kaldi computes them: log spectra, mel filter banks, cepstra.

Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011, and what its
programs compute. The names are offered by `sonovox.compliance.kaldi`, since two of
them are names of other functions in `sonovox.functional`.
"""

from sonovox.dsp.kaldi.fbank import fbank
from sonovox.dsp.kaldi.mel import (
    get_mel_banks,
    inverse_mel_scale,
    inverse_mel_scale_scalar,
    mel_scale,
    mel_scale_scalar,
    vtln_warp_freq,
    vtln_warp_mel_freq,
)
from sonovox.dsp.kaldi.mfcc import mfcc
from sonovox.dsp.kaldi.spectrogram import spectrogram

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
