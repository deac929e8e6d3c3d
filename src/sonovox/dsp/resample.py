"""Resampling: the same sound at another sample rate.

Two methods: a steep filter (the default), by Fourier transforms of whole periods
of the ratio (`dsp.resample_hq`) or, where periods are long, of shorter blocks
between whose samples is interpolated (`dsp.resample_between`); and torchaudio's
windowed sinc (`dsp.resample_sinc`).
"""

import math

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating, check_positive, check_time_axis
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.resample_between import guard_samples, make_fractional_plan, resample_between
from sonovox.dsp.resample_hq import guard_periods, make_plan, resample_blocks
from sonovox.dsp.resample_sinc import make_sinc_filter, resample_sinc

__all__ = ["Resample", "resample", "resample_guard"]

# torchaudio's names up to 0.13 -> today's.
_OLD_METHODS = {"sinc_interpolation": "sinc_interp_hann", "kaiser_window": "sinc_interp_kaiser"}
_METHODS = ("hq", "sinc_interp_hann", "sinc_interp_kaiser")
_KAISER_BETA = 14.769656459379492  # torchaudio's default

# Samples that have to be transformed together, at the larger rate: 32 MB in float64.
_LARGEST_BLOCK = 2**22

# Transforms of whole periods take less time than blocks and interpolation up to this length, and while no prime
# factor is larger than that.
_LONGEST_PERIOD, _LARGEST_PRIME = 1024, 31


def resample(
    waveform: Tensor,
    orig_freq: float,
    new_freq: float,
    lowpass_filter_width: int = 6,
    rolloff: float = 0.99,
    resampling_method: str = "hq",
    beta: float | None = None,
) -> Tensor:
    """`waveform` at another sample rate, without delay.

    Args:
        waveform: `(..., time)`, floating point; half precision is computed in float32.
            It counts as zero before its start and after its end.
        orig_freq: its sample rate, a whole number, in Hz or any other unit.
        new_freq: the rate wanted, in the same unit.
        lowpass_filter_width: of the sinc methods only: zero crossings to each side; more are sharper and slower.
        rolloff: of the sinc methods only: cutoff, as a part of the lower Nyquist frequency.
        resampling_method: `"hq"`: flat within 0.01 dB to 0.9 of the lower Nyquist frequency, aliases and images
            below -120 dB. `"sinc_interp_hann"` and `"sinc_interp_kaiser"`: torchaudio's filters, which
            at the same settings give its numbers (its default is the former).
        beta: of Kaiser's window in `"sinc_interp_kaiser"`; 14.77 if None.

    Returns:
        `(..., ceil(time * new_freq / orig_freq))`, in the dtype of `waveform`; `waveform` itself
        if the rates are equal.

    Raises:
        ArgumentError: a rate that is not a positive whole number, rates whose ratio takes too much memory
            (as 1000000 / 1 does, and for the sinc methods 2000001 / 2000000), a waveform of integers, an argument
            without a meaning for the method.

    >>> resample(torch.ones(6), 3, 2, resampling_method="sinc_interp_hann")
    tensor([0.8277, 1.0576, 0.9584, 1.0547])
    >>> time = torch.arange(44100, dtype=torch.float64)
    >>> resampled = resample(torch.sin(0.1 * time), 44100, 16000)
    >>> expected = torch.sin(0.1 * 44100 / 16000 * time[:16000])
    >>> torch.allclose(resampled[200:-200], expected[200:-200], atol=1e-6)
    True
    """
    method = _check_method(resampling_method, lowpass_filter_width, rolloff, beta)
    orig, new = _lowest_terms(orig_freq, new_freq)
    _check_size(orig, new, method)
    check_time_axis("waveform", waveform)
    check_floating("waveform", waveform)
    if orig == new:
        return waveform
    dtype = torch.float64 if waveform.dtype == torch.float64 else torch.float32
    signal = waveform.to(dtype)
    if method == "hq":
        if _has_short_period(orig, new):
            result = resample_blocks(signal, make_plan(orig, new, dtype, waveform.device))
        else:
            result = resample_between(signal, make_fractional_plan(orig, new, dtype, waveform.device))
    else:
        window = None if method == "sinc_interp_hann" else (_KAISER_BETA if beta is None else beta)
        sinc = make_sinc_filter(orig, new, lowpass_filter_width, rolloff, window, dtype, waveform.device)
        result = resample_sinc(signal, sinc)
    return result.to(waveform.dtype)


class Resample(nn.Module):
    """Module twin of `resample`. The filters are kept by the function, for the last 32 pairs of rates.

    Args:
        orig_freq: see `resample`, as are all but `dtype`.
        dtype: in which to compute; that of the waveform, and at least float32, if None.

    >>> Resample(44100, 16000)(torch.zeros(2, 44100)).shape
    torch.Size([2, 16000])
    """

    def __init__(
        self,
        orig_freq: float = 16000,
        new_freq: float = 16000,
        resampling_method: str = "hq",
        lowpass_filter_width: int = 6,
        rolloff: float = 0.99,
        beta: float | None = None,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        method = _check_method(resampling_method, lowpass_filter_width, rolloff, beta)
        _check_size(*_lowest_terms(orig_freq, new_freq), method)
        self.orig_freq = orig_freq
        self.new_freq = new_freq
        self.resampling_method = resampling_method
        self.lowpass_filter_width = lowpass_filter_width
        self.rolloff = rolloff
        self.beta = beta
        self.dtype = dtype

    def forward(self, waveform: Tensor) -> Tensor:
        check_floating("waveform", waveform)
        return resample(
            waveform if self.dtype is None else waveform.to(self.dtype),
            self.orig_freq,
            self.new_freq,
            self.lowpass_filter_width,
            self.rolloff,
            self.resampling_method,
            self.beta,
        ).to(waveform.dtype)

    def extra_repr(self) -> str:
        return f"{self.orig_freq} -> {self.new_freq}, resampling_method={self.resampling_method}"


def resample_guard(orig_freq: float, new_freq: float) -> int:
    """Input samples on each side of a piece of a signal on which its resampled samples depend (method `"hq"`).

    A piece that starts at a multiple of `orig_freq / gcd(orig_freq, new_freq)`,
    resampled together with so many samples before and after it, gives what
    resampling the whole signal gives there, to within rounding: the guard is a
    multiple of the same number, so that the first `guard * new_freq / orig_freq`
    output samples are exactly those to drop.

    Raises:
        ArgumentError: a rate that is not a positive whole number.

    >>> resample_guard(44100, 16000)  # 441 input samples for 160 output samples
    441
    >>> resample_guard(16000, 16000)
    0
    """
    orig, new = _lowest_terms(orig_freq, new_freq)
    _check_size(orig, new, "hq")
    if orig == new:
        return 0
    periods = guard_periods(orig, new) if _has_short_period(orig, new) else -(-guard_samples(orig, new) // orig)
    return periods * orig


def _check_method(method: str, lowpass_filter_width: int, rolloff: float, beta: float | None) -> str:
    method = _OLD_METHODS.get(method, method)
    check_choice("resampling_method", method, _METHODS)
    check_positive("lowpass_filter_width", lowpass_filter_width)
    if not 0.0 < rolloff <= 1.0:
        raise ArgumentError(f"rolloff must be above 0 and at most 1, got {rolloff}", hint="0.99 is usual")
    if method == "hq" and (lowpass_filter_width != 6 or rolloff != 0.99):
        raise ArgumentError(
            f"lowpass_filter_width={lowpass_filter_width} and rolloff={rolloff} have no meaning for "
            "resampling_method='hq', which has one fixed filter",
            hint="leave them away, or use resampling_method='sinc_interp_hann'",
        )
    if beta is not None and method != "sinc_interp_kaiser":
        raise ArgumentError(
            f"beta={beta} has no meaning for resampling_method={method!r}",
            hint="use resampling_method='sinc_interp_kaiser'",
        )
    return method


def _lowest_terms(orig_freq: float, new_freq: float) -> tuple[int, int]:
    for name, rate in (("orig_freq", orig_freq), ("new_freq", new_freq)):
        check_positive(name, rate, unit="in Hz")
        if not math.isfinite(rate) or rate != int(rate):
            raise ArgumentError(
                f"{name} must be a whole number, got {rate}",
                hint="multiply both rates by the same factor until they are, or round it",
            )
    divisor = math.gcd(int(orig_freq), int(new_freq))
    orig, new = int(orig_freq) // divisor, int(new_freq) // divisor
    return orig, new


def _check_size(orig: int, new: int, method: str) -> None:
    if method == "hq" and not _has_short_period(orig, new):
        block = 2 * guard_samples(orig, new) + 1
    else:
        block = (2 * guard_periods(orig, new) + 1) * max(orig, new)
    if block > _LARGEST_BLOCK:
        raise ArgumentError(
            f"orig_freq / new_freq = {orig} / {new} in lowest terms needs blocks of {block} samples, "
            f"more than {_LARGEST_BLOCK}",
            hint="resample in two steps" if method == "hq" else "round one of the rates, or resampling_method='hq'",
        )


def _has_short_period(orig: int, new: int) -> bool:
    """Whether whole periods of rates in lowest terms, `orig` and `new` samples, are quickly transformed."""
    if max(orig, new) > _LONGEST_PERIOD:
        return False
    rest = orig * new
    for factor in range(2, _LARGEST_PRIME + 1):
        while rest % factor == 0:
            rest //= factor
    return rest == 1
