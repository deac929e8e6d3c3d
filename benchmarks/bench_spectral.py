"""Spectral features and synthesis, against torchaudio and librosa: `python benchmarks/bench_spectral.py`.

A peer that is not installed is left out; `requirements/peers.txt` has them.
"""

import functools

import torch
from bench_dsp import bare_rfft, optional
from measure import Row, report

from sonovox import transforms as T

torchaudio = optional("torchaudio")
librosa = optional("librosa")

BATCHES = {"10 s": (160000,), "32 x 10 s": (32, 160000)}


def feature_rows() -> list[Row]:
    works = {
        "MFCC": ({"sample_rate": 16000, "n_mfcc": 40, "melkwargs": {"n_mels": 80, "hop_length": 160}}, 160, "1.5", "3"),
        "SpectralCentroid": ({"sample_rate": 16000}, 200, "2", "5"),
    }
    rows = []
    for name, shape in BATCHES.items():
        wave = torch.randn(shape)
        for module, (arguments, hop, gate, batch_gate) in works.items():
            ours = functools.partial(getattr(T, module)(**arguments), wave)
            peers = {}
            if torchaudio:
                peers["torchaudio"] = functools.partial(getattr(torchaudio.transforms, module)(**arguments), wave)
            if librosa:
                peers["librosa"] = _by_librosa(module, wave, hop)
            floor = bare_rfft(wave, 400, hop)
            rows.append(Row(f"{module}, {name}", ours, peers, floor, batch_gate if len(shape) > 1 else gate))
    return rows


def _by_librosa(module, wave, hop):
    samples = wave.numpy()
    if module == "MFCC":
        feature = functools.partial(librosa.feature.mfcc, n_mfcc=40, n_mels=80, sr=16000)
    else:
        feature = functools.partial(librosa.feature.spectral_centroid, sr=16000)
    return functools.partial(feature, y=samples, n_fft=400, hop_length=hop)


def synthesis_rows() -> list[Row]:
    rows = []
    for name, shape in {"10 s": (160000,), "8 x 10 s": (8, 160000)}.items():
        wave = torch.randn(shape)
        for n_fft, hop in ((400, 200), (1024, 256)):
            spectrum = T.Spectrogram(n_fft, hop_length=hop, power=None)(wave)
            power = spectrum.abs().square()
            floor = bare_rfft(wave, n_fft, hop)
            label = f"{name}, n_fft {n_fft}, hop {hop}"
            bins = n_fft // 2 + 1
            works = [
                (f"phase vocoder 1.3, {label}", "TimeStretch", (hop, bins, 1.3), spectrum, "1.8"),
                (f"inverse spectrogram, {label}", "InverseSpectrogram", (n_fft, None, hop), spectrum, ""),
                (f"Griffin-Lim 32, {label}", "GriffinLim", (n_fft, 32, None, hop), power, "2.2"),
            ]
            for title, module, arguments, given, gate in works:
                ours = functools.partial(getattr(T, module)(*arguments), given)
                peers = {}
                if torchaudio:
                    peers["torchaudio"] = functools.partial(getattr(torchaudio.transforms, module)(*arguments), given)
                rows.append(Row(title, ours, peers, floor, gate))
    return rows


def print_convergence() -> None:
    """How far the spectrogram of what Griffin-Lim found is from the one given, ours and the peer's."""
    wave = torch.randn(160000)
    for n_fft, hop in ((400, 200), (1024, 256)):
        magnitude = T.Spectrogram(n_fft, hop_length=hop, power=1.0)
        target = magnitude(wave)
        makers = {"ours": T.GriffinLim} | ({"torchaudio": torchaudio.transforms.GriffinLim} if torchaudio else {})
        for name, maker in makers.items():
            torch.manual_seed(0)
            found = maker(n_fft, 32, hop_length=hop, power=1.0)(target)
            distance = (magnitude(found) - target).norm() / target.norm()
            print(f"spectral convergence, n_fft {n_fft}, hop {hop}, {name}: {20 * distance.log10():.2f} dB")


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    report("Features", feature_rows(), rounds=9)
    report("Synthesis", synthesis_rows(), rounds=5)
    print_convergence()
