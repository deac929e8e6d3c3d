"""Recursive filters and effects, against torchaudio and scipy: `python benchmarks/bench_filters.py`.

A peer that is not installed is left out; `requirements/peers.txt` has them. With
SONOVOX_KERNELS=0 in the environment ours is the torch reference.
"""

import functools

import numpy as np
import scipy.signal
import torch
from bench_dsp import optional
from measure import Row, Work, report

from sonovox import functional as F
from sonovox._kernels.load import kernels

torchaudio = optional("torchaudio")

BATCHES = {"60 s": (960000,), "32 x 10 s": (32, 160000)}


def bare_copy(waveform: torch.Tensor) -> Work:
    """The floor: every sample read once and written once."""
    result = torch.empty_like(waveform)
    return lambda: result.copy_(waveform)


def filter_rows() -> list[Row]:
    rows = []
    for label, shape in BATCHES.items():
        wave = 0.1 * torch.randn(shape)
        samples = wave.numpy()
        for order in (1, 2, 4):
            b, a = (part.astype(np.float32) for part in scipy.signal.butter(order, 0.2))
            b_coeffs, a_coeffs = torch.from_numpy(b), torch.from_numpy(a)
            peers = {"scipy": functools.partial(scipy.signal.lfilter, b, a, samples)}
            if torchaudio:
                peers["torchaudio"] = functools.partial(torchaudio.functional.lfilter, wave, a_coeffs, b_coeffs)
            ours = functools.partial(F.lfilter, wave, a_coeffs, b_coeffs)
            rows.append(Row(f"lfilter of order {order}, {label}", ours, peers, bare_copy(wave), "1.2 scipy, 8"))
    return rows


def gradient_rows() -> list[Row]:
    def with_gradient(lfilter, wave, a_coeffs, b_coeffs):
        leaves = [part.clone().requires_grad_() for part in (wave, a_coeffs, b_coeffs)]
        lfilter(*leaves).sum().backward()

    rows = []
    b_coeffs, a_coeffs = (torch.from_numpy(part.astype(np.float32)) for part in scipy.signal.butter(2, 0.2))
    for label, shape in BATCHES.items():
        arguments = 0.1 * torch.randn(shape), a_coeffs, b_coeffs
        peers = {}
        if torchaudio:
            peers["torchaudio"] = functools.partial(with_gradient, torchaudio.functional.lfilter, *arguments)
        rows.append(Row(f"with all gradients, {label}", functools.partial(with_gradient, F.lfilter, *arguments), peers))
    return rows


def effect_rows() -> list[Row]:
    wave = 0.1 * torch.randn(2, 160000)
    works = {
        "lowpass_biquad": (16000, 1000.0),
        "deemphasis": (),
        "filtfilt": tuple(torch.tensor(part) for part in ([1.0, -1.2, 0.5], [0.2, 0.1, 0.05])),
        "loudness": (16000,),
        "overdrive": (),
        "contrast": (),
        "dither": (),
    }
    short = 0.1 * torch.randn(1, 2, 16000)  # torchaudio loops over samples in Python
    rows = []
    for name, arguments, signal, label in (
        *((name, arguments, wave, "2 x 10 s") for name, arguments in works.items()),
        *((name, (16000,), short, "2 x 1 s") for name in ("phaser", "flanger")),
    ):
        peers = {}
        if torchaudio:
            peers["torchaudio"] = functools.partial(getattr(torchaudio.functional, name), signal, *arguments)
        ours = functools.partial(getattr(F, name), signal, *arguments)
        rows.append(Row(f"{name}, {label}", ours, peers, bare_copy(signal)))
    return rows


if __name__ == "__main__":
    torch.manual_seed(0)
    print(f"kernels: {kernels().describe()}")
    with torch.no_grad():
        report("Recursive filters", filter_rows(), rounds=9)
        report("Effects", effect_rows(), rounds=5)
    report("Recursive filters with gradients", gradient_rows(), rounds=5)
