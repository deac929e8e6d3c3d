"""Losses, alignment, convolution, noise, speed, oscillators, rooms, beamforming, codecs, lengths."""

import torch

from dsp.matrix.case import Case, complex_noise, noise
from sonovox import functional as F
from sonovox import transforms as T


def pairs(length):
    """A signal `(..., time)` and a filter `(..., length)`."""
    return lambda leading, time: (noise(*leading, time), noise(*leading, length, seed=1))


def mixtures(leading, time):
    return noise(*leading, time), noise(*leading, time, seed=1), noise(*leading, 1, seed=2)[..., 0]


def oscillators(leading, time):
    return 3000 * noise(*leading, time, 3).abs(), noise(*leading, time, 3, seed=1)


def lattices(leading, time):
    targets = torch.randint(0, 4, (*leading, 3), generator=torch.Generator().manual_seed(0))
    frames = torch.full(leading, max(time, 0))
    return noise(*leading, time, 4, 5), targets, frames, torch.full(leading, 2)


def emissions(leading, time):
    targets = torch.randint(1, 5, (*leading, 3), generator=torch.Generator().manual_seed(0))
    return noise(*leading, time, 5).log_softmax(-1), targets


def aligned(leading, time):
    """What forced alignment gives: a token for each frame, and its score."""
    tokens = torch.randint(0, 3, (*leading, time), generator=torch.Generator().manual_seed(0))
    return tokens, noise(*leading, time)


def spans(tokens, scores):
    """`merge_tokens` as a tensor `(..., time, 4)`, since the columns compare tensors."""
    if tokens.dim() > 1:
        parts = [spans(*item) for item in zip(tokens, scores, strict=True)]
        return torch.stack(parts) if parts else scores.new_empty(*tokens.shape, 4)
    found = [(span.token, span.start, span.end, span.score) for span in F.merge_tokens(tokens, scores)]
    return torch.tensor(found + [(0, 0, 0, 0.0)] * (len(tokens) - len(found))).reshape(-1, 4)


def recordings(leading, time):
    """Of one channel, within full scale."""
    return (noise(*leading, 1, time).tanh(),)


def with_counts(leading, time):
    """Signals, and how many samples each has."""
    counts = torch.arange(torch.Size(leading).numel()).remainder(5).reshape(leading)
    return noise(*leading, time), (counts * time) // 5


def with_shares(leading, time):
    signals, counts = with_counts(leading, time)
    return signals, (counts + 1) / max(time, 1)


def masked_signal(x, counts):
    return x * F.length_to_mask(counts.flatten(), x.shape[-1]).reshape(x.shape)


def gaussians(leading, time):
    factors = noise(*leading, 4, 4, seed=1), noise(*leading, 4, 4, seed=2)
    covariances = [factor @ factor.mT + 0.1 * torch.eye(4) for factor in factors]
    return noise(*leading, 4), covariances[0], noise(*leading, 4, seed=3), covariances[1]


def density(*shape, seed=0):
    factor = complex_noise(*shape, shape[-1], seed=seed)
    return factor @ factor.mH + 0.1 * torch.eye(shape[-1])


def masked(leading, time):
    return complex_noise(*leading, 3, 4, time), noise(*leading, 4, time, seed=1).sigmoid()


def two_densities(leading, time):
    return density(*leading, 4, 3), density(*leading, 4, 3, seed=1)


def transfer_and_density(leading, time):
    return complex_noise(*leading, 4, 3), density(*leading, 4, 3, seed=1)


def spectrum_and_densities(leading, time):
    return complex_noise(*leading, 3, 4, time, seed=2), *two_densities(leading, time)


def spectrum_transfer_and_density(leading, time):
    return complex_noise(*leading, 3, 4, time, seed=2), *transfer_and_density(leading, time)


def weights_and_spectrum(leading, time):
    return complex_noise(*leading, 4, 3), complex_noise(*leading, 3, 4, time, seed=1)


COMPLEX = {
    "autocast": "complex tensors have no half precision",
    "integers refused": "real tensors of any dtype are refused, as not complex",
}
OBJECTS = dict.fromkeys(
    ("compile", "inductor", "export", "TorchScript", "vmap"), "gives Python objects, as many as there are spans"
)
FILES = dict.fromkeys(("compile", "inductor", "export", "TorchScript", "vmap"), "encodes a file outside of torch")
OF_COUNTS = {
    "integers refused": "the function takes counts and shares, not signals",
    "float64 stays": "the result is int64",
}
TIMELESS = {"empty time": "there is no time axis", "silence": "there is no time axis; tests of the file have its zeros"}
ROOM, MICS = torch.tensor([6.0, 5.0, 4.0]), torch.tensor([[1.0, 1.0, 1.0], [4.0, 2.0, 2.5]])


def places(leading, time):
    return (0.5 + 3 * noise(*leading, 3).sigmoid(),)


FRAMES = {"time": 30, "other_time": 41, "short_time": 6}

CASES = [
    Case("convolve", lambda: F.convolve, pairs(40)),
    Case("convolve, same", lambda: T.Convolve("same"), pairs(40)),
    Case("convolve, valid", lambda: T.Convolve("valid"), pairs(40)),
    Case("fftconvolve", lambda: F.fftconvolve, pairs(40)),
    Case("fftconvolve, same", lambda: T.FFTConvolve("same"), pairs(41)),
    Case("fftconvolve, valid", lambda: T.FFTConvolve("valid"), pairs(40)),
    Case("fftconvolve, in blocks", lambda: F.fftconvolve, pairs(20), time=9000, other_time=9876, short_time=230),
    Case("add_noise", lambda: T.AddNoise(), mixtures),
    Case("speed", lambda: lambda x: F.speed(x, 8000, 1.25)[0]),
    Case(
        "SpeedPerturbation",
        lambda: lambda x: T.SpeedPerturbation(8000, [1.25])(x)[0],
        not_applicable={
            "compile": "the factor is drawn in Python, and the length follows from it",
            "inductor": "the factor is drawn in Python, and the length follows from it",
            "export": "the factor is drawn in Python, and the length follows from it",
            "vmap": "one factor is drawn for all, which vmap refuses without randomness='same'",
        },
    ),
    Case("oscillator_bank", lambda: lambda f, a: F.oscillator_bank(f, a, 8000), oscillators),
    Case(
        "rnnt_loss",
        lambda: lambda *x: F.rnnt_loss(*x, reduction="none"),
        lattices,
        time=12,
        other_time=17,
        short_time=6,
        not_applicable={"gradgradcheck": "refused: the closed form has no second derivative"},
    ),
    Case("forced_align", lambda: F.forced_align, emissions, time=40, other_time=57, short_time=8),
    Case(
        "merge_tokens",
        lambda: spans,
        aligned,
        time=40,
        other_time=57,
        differentiable=False,
        not_applicable={**OBJECTS, "float64 stays": "the scores are Python numbers"},
    ),
    Case("frechet_distance", lambda: F.frechet_distance, gaussians, not_applicable=TIMELESS),
    Case(
        "simulate_rir_ism",
        lambda: lambda source: F.simulate_rir_ism(ROOM, source, MICS, 2, 0.3, 400),
        places,
        not_applicable={
            "empty time": "there is no time axis",
            "silence": "there is no time axis, and no room at the corner of all walls",
            "NaN local": "a place that is NaN is in no room, and refused",
        },
    ),
    Case("psd", lambda: F.psd, masked, **FRAMES, not_applicable=COMPLEX),
    Case(
        "mvdr_weights_souden",
        lambda: lambda s, n: F.mvdr_weights_souden(s, n, 0),
        two_densities,
        not_applicable=COMPLEX | TIMELESS,
    ),
    Case(
        "mvdr_weights_rtf",
        lambda: lambda h, n: F.mvdr_weights_rtf(h, n, 0),
        transfer_and_density,
        not_applicable=COMPLEX | TIMELESS,
    ),
    # Of a product with itself, since one triangle of a matrix alone cannot be moved.
    Case(
        "rtf_evd", lambda: lambda x, y: F.rtf_evd(x @ y.mH @ y @ x.mH), two_densities, not_applicable=COMPLEX | TIMELESS
    ),
    Case("rtf_power", lambda: lambda s, n: F.rtf_power(s, n, 0), two_densities, not_applicable=COMPLEX | TIMELESS),
    Case("apply_beamforming", lambda: F.apply_beamforming, weights_and_spectrum, **FRAMES, not_applicable=COMPLEX),
    Case(
        "SoudenMVDR",
        lambda: lambda x, s, n: T.SoudenMVDR()(x, s, n, 0),
        spectrum_and_densities,
        **FRAMES,
        not_applicable=COMPLEX,
    ),
    Case(
        "RTFMVDR",
        lambda: lambda x, h, n: T.RTFMVDR()(x, h, n, 0),
        spectrum_transfer_and_density,
        **FRAMES,
        not_applicable=COMPLEX,
    ),
    Case("MVDR", lambda: T.MVDR(), masked, **FRAMES, not_applicable=COMPLEX),
    Case("MVDR, eigenvectors", lambda: T.MVDR(solution="stv_evd"), masked, **FRAMES, not_applicable=COMPLEX),
    Case(
        "apply_codec",
        lambda: lambda x: F.apply_codec(x, 8000, "wav", encoding="ULAW"),
        recordings,
        differentiable=False,
        not_applicable={**FILES, "NaN local": "samples that are no numbers are refused"},
    ),
    Case(
        "adsr_envelope",
        lambda: lambda x: x * F.adsr_envelope(x.shape[-1], attack=0.1, hold=0.1, decay=0.2, sustain=0.5, release=0.3),
        not_applicable={
            "export": "its length is a Python number, from which the stages follow",
            "integers refused": "it takes a number of frames, not signals",
        },
    ),
    Case(
        "length_to_mask",
        lambda: masked_signal,
        with_counts,
        not_applicable={"integers refused": OF_COUNTS["integers refused"]},
    ),
    Case(
        "lengths_to_counts",
        lambda: lambda x, shares: F.lengths_to_counts(shares, x.shape[-1]),
        with_shares,
        differentiable=False,
        not_applicable=OF_COUNTS,
    ),
]
