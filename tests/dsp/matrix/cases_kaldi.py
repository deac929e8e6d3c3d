"""Kaldi's features and pitch."""

import torch

from dsp.matrix.case import Case, Tensors, noise
from sonovox import functional as F
from sonovox.compliance import kaldi


def channels(leading: tuple[int, ...], time: int) -> Tensors:
    """Two channels, of which the ops take one."""
    return (noise(*leading, 2, time),)


def with_lengths(leading: tuple[int, ...], time: int) -> Tensors:
    """Signals, and lengths that get shorter from item to item."""
    count = torch.Size(leading).numel()
    lengths = time - 30 * torch.arange(count).remainder(5).reshape(leading) if time else torch.zeros(leading).long()
    return noise(*leading, time), lengths


def frequencies(leading: tuple[int, ...], time: int) -> Tensors:
    """In Hz or mel."""
    return (1000 * noise(*leading, time).abs(),)


def op(function, **options):
    """At 4 kHz, where a frame has 100 samples."""
    return lambda: lambda x: function(x, sample_frequency=4000.0, **options)


def op_with_lengths(function, **options):
    return lambda: lambda x, lengths: function(x, sample_frequency=4000.0, lengths=lengths, **options)


def voices(leading: tuple[int, ...], time: int) -> Tensors:
    """A tone of 130 Hz at 8 kHz in noise."""
    return (torch.sin(0.1 * torch.arange(float(time))) + 0.1 * noise(*leading, time),)


MEL = {"num_mel_bins": 8}
# Noise of 0.3 keeps every bin well above the least logarithm; in a spectrogram some bins are by
# chance a thousandth of the others, and their logarithms have a thousand times the rounding.
OF_SINGLE_BINS = 2e-4

WHOLE = {"integers refused": "frequencies may be whole numbers"}
WARP = 100.0, 7500.0, 20.0, 8000.0, 1.1

CASES = [
    Case("kaldi.spectrogram", op(kaldi.spectrogram), channels, tolerance=OF_SINGLE_BINS),
    Case("kaldi.fbank", op(kaldi.fbank, **MEL), channels),
    Case("kaldi.fbank, magnitude, energy", op(kaldi.fbank, use_power=False, use_energy=True, **MEL), channels),
    Case("kaldi.fbank, all edges, no mean", op(kaldi.fbank, snip_edges=False, subtract_mean=True, **MEL), channels),
    Case(
        "kaldi.fbank, dither",
        op(kaldi.fbank, dither=0.1, **MEL),
        channels,
        not_applicable={
            "vmap": "random numbers under vmap need the choice of its argument randomness",
            "batch": "each item has noise of its own",
            "inductor": "inductor has a random generator of its own",
        },
    ),
    Case("kaldi.mfcc", op(kaldi.mfcc, num_ceps=5, **MEL), channels),
    Case("kaldi.fbank, lengths", op_with_lengths(kaldi.fbank, **MEL), with_lengths),
    Case(
        "kaldi.mfcc, lengths",
        op_with_lengths(kaldi.mfcc, num_ceps=5, snip_edges=False, subtract_mean=True, **MEL),
        with_lengths,
    ),
    Case(
        "compute_kaldi_pitch",
        lambda: lambda x: F.compute_kaldi_pitch(x, 8000, frame_shift=20.0),
        voices,
        time=2100,
        other_time=3333,
        short_time=300,
        # A frame that is nearly silent has a correlation with few digits.
        tolerance=1e-4,
    ),
    Case("kaldi.mel_scale", lambda: kaldi.mel_scale, frequencies, not_applicable=WHOLE),
    Case("kaldi.inverse_mel_scale", lambda: kaldi.inverse_mel_scale, frequencies, not_applicable=WHOLE),
    Case("kaldi.vtln_warp_freq", lambda: lambda x: kaldi.vtln_warp_freq(*WARP, x), frequencies, not_applicable=WHOLE),
    Case(
        "kaldi.vtln_warp_mel_freq",
        lambda: lambda x: kaldi.vtln_warp_mel_freq(*WARP, x),
        frequencies,
        not_applicable=WHOLE,
    ),
]
