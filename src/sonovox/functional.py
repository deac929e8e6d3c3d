"""Functions on sound: a face on `sonovox.dsp`, whose files hold them.

Two that people look for here live elsewhere: `edit_distance` in `text`, `apply_codec` in `io`.

>>> import torch
>>> import sonovox.functional as F
>>> F.resample(torch.zeros(2, 44100), 44100, 16000).shape
torch.Size([2, 16000])
"""

from sonovox.dsp.add_noise import add_noise
from sonovox.dsp.adsr_envelope import adsr_envelope
from sonovox.dsp.alignment import TokenSpan, forced_align, merge_tokens
from sonovox.dsp.bark import bark_to_hz, barkscale_fbanks, hz_to_bark
from sonovox.dsp.beamforming import apply_beamforming, mvdr_weights_rtf, mvdr_weights_souden, psd, rtf_evd, rtf_power
from sonovox.dsp.biquads import (
    allpass_biquad,
    band_biquad,
    bandpass_biquad,
    bandreject_biquad,
    highpass_biquad,
    lowpass_biquad,
)
from sonovox.dsp.chroma import chroma_filterbank
from sonovox.dsp.companding import mu_law_decoding, mu_law_encoding
from sonovox.dsp.contrast import contrast
from sonovox.dsp.convolve import convolve, fftconvolve
from sonovox.dsp.dcshift import dcshift
from sonovox.dsp.deltas import compute_deltas
from sonovox.dsp.detect_pitch import detect_pitch_frequency
from sonovox.dsp.dither import dither
from sonovox.dsp.filter_waveform import filter_waveform
from sonovox.dsp.flanger import flanger
from sonovox.dsp.frechet_distance import frechet_distance
from sonovox.dsp.gain import gain
from sonovox.dsp.griffin_lim import griffinlim
from sonovox.dsp.iir import biquad, filtfilt, lfilter
from sonovox.dsp.inverse_spectrogram import inverse_spectrogram
from sonovox.dsp.kaldi_pitch import compute_kaldi_pitch
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.dsp.lfcc import linear_fbanks
from sonovox.dsp.log_mel import log10_mel, log10_mel_blocks, log_mel_of_stream, log_mel_spectrogram, whisper_scale
from sonovox.dsp.loudness import loudness
from sonovox.dsp.magphase import angle, complex_norm, magphase
from sonovox.dsp.masking import mask_along_axis, mask_along_axis_iid
from sonovox.dsp.mel import create_fb_matrix, hz_to_mel, mel_to_hz, melscale_fbanks
from sonovox.dsp.mel_spectrogram import mel_spectrogram
from sonovox.dsp.mfcc import create_dct, mfcc
from sonovox.dsp.oscillator_bank import oscillator_bank
from sonovox.dsp.overdrive import overdrive
from sonovox.dsp.phase_vocoder import phase_vocoder
from sonovox.dsp.phaser import phaser
from sonovox.dsp.pitch_shift import pitch_shift
from sonovox.dsp.preemphasis import deemphasis, preemphasis
from sonovox.dsp.resample import resample, resample_guard
from sonovox.dsp.rnnt import rnnt_loss
from sonovox.dsp.simulate_rir_ism import simulate_rir_ism
from sonovox.dsp.sliding_window_cmn import sliding_window_cmn
from sonovox.dsp.spectral_centroid import spectral_centroid
from sonovox.dsp.spectrogram import spectrogram
from sonovox.dsp.speed import speed
from sonovox.dsp.tone_biquads import bass_biquad, deemph_biquad, equalizer_biquad, riaa_biquad, treble_biquad
from sonovox.dsp.units import DB_to_amplitude, amplitude_to_DB
from sonovox.dsp.vad import vad, vad_start
from sonovox.io.apply_codec import apply_codec
from sonovox.text.edit_distance import edit_distance

__all__ = [
    "DB_to_amplitude",
    "TokenSpan",
    "add_noise",
    "adsr_envelope",
    "allpass_biquad",
    "amplitude_to_DB",
    "angle",
    "apply_beamforming",
    "apply_codec",
    "band_biquad",
    "bandpass_biquad",
    "bandreject_biquad",
    "bark_to_hz",
    "barkscale_fbanks",
    "bass_biquad",
    "biquad",
    "chroma_filterbank",
    "complex_norm",
    "compute_deltas",
    "compute_kaldi_pitch",
    "contrast",
    "convolve",
    "create_dct",
    "create_fb_matrix",
    "dcshift",
    "deemph_biquad",
    "deemphasis",
    "detect_pitch_frequency",
    "dither",
    "edit_distance",
    "equalizer_biquad",
    "fftconvolve",
    "filter_waveform",
    "filtfilt",
    "flanger",
    "forced_align",
    "frechet_distance",
    "gain",
    "griffinlim",
    "highpass_biquad",
    "hz_to_bark",
    "hz_to_mel",
    "inverse_spectrogram",
    "length_to_mask",
    "lengths_to_counts",
    "lfilter",
    "linear_fbanks",
    "log10_mel",
    "log10_mel_blocks",
    "log_mel_of_stream",
    "log_mel_spectrogram",
    "loudness",
    "lowpass_biquad",
    "magphase",
    "mask_along_axis",
    "mask_along_axis_iid",
    "mel_spectrogram",
    "mel_to_hz",
    "melscale_fbanks",
    "merge_tokens",
    "mfcc",
    "mu_law_decoding",
    "mu_law_encoding",
    "mvdr_weights_rtf",
    "mvdr_weights_souden",
    "oscillator_bank",
    "overdrive",
    "phase_vocoder",
    "phaser",
    "pitch_shift",
    "preemphasis",
    "psd",
    "resample",
    "resample_guard",
    "riaa_biquad",
    "rnnt_loss",
    "rtf_evd",
    "rtf_power",
    "simulate_rir_ism",
    "sliding_window_cmn",
    "spectral_centroid",
    "spectrogram",
    "speed",
    "treble_biquad",
    "vad",
    "vad_start",
    "whisper_scale",
]
