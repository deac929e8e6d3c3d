"""Features and resampling against torchaudio, transformers and soxr: `python benchmarks/bench_dsp.py`.

A peer that is not installed is left out; `requirements/peers.txt` has them.
"""

import contextlib
import functools
import importlib
from types import ModuleType

import torch
from measure import Row, Work, report

from sonovox import functional as F
from sonovox import transforms as T


def optional(name: str) -> ModuleType | None:
    with contextlib.suppress(Exception):  # torchaudio raises OSError where its libraries do not fit torch
        return importlib.import_module(name)
    return None


torchaudio = optional("torchaudio")
transformers = optional("transformers")
soxr = optional("soxr")


def bare_rfft(waveform: torch.Tensor, n_fft: int, hop_length: int) -> Work:
    """The floor: the transforms alone, on frames that already lie in memory, without keeping their results."""
    chunks = waveform.unfold(-1, n_fft, hop_length).reshape(-1, n_fft).split(2**16 // n_fft)

    def transform() -> None:
        for chunk in chunks:
            torch.fft.rfft(chunk)

    return transform


def feature_rows() -> list[Row]:
    rows = []
    for name, wave, gates in (
        ("10 s", torch.randn(160000), ("2", "1.5")),
        ("32 x 10 s", torch.randn(32, 160000), ("4", "3")),
    ):
        floor = bare_rfft(wave, 400, 200)
        for title, module, arguments, gate in (
            ("spectrogram", "Spectrogram", {}, gates[0]),
            ("mel spectrogram", "MelSpectrogram", {"n_mels": 80, "mel_scale": "slaney", "norm": "slaney"}, gates[1]),
        ):
            ours = functools.partial(getattr(T, module)(**arguments), wave)
            peers = {}
            if torchaudio:
                peers["torchaudio"] = functools.partial(getattr(torchaudio.transforms, module)(**arguments), wave)
            rows.append(Row(f"{title}, {name}", ours, peers, floor, gate))
    return rows


def log_mel_row() -> Row:
    wave = 0.1 * torch.randn(480000)
    peers = {}
    if transformers:
        extractor, samples = transformers.WhisperFeatureExtractor(), wave.numpy()
        peers = {"transformers": lambda: extractor(samples, sampling_rate=16000, return_tensors="pt")}
    return Row("Whisper log-mel, 30 s", lambda: F.log_mel_spectrogram(wave), peers, bare_rfft(wave, 400, 160), "1.8")


def resample_rows() -> list[Row]:
    rows = []
    for orig, new in ((44100, 16000), (48000, 16000), (16000, 44100), (16000, 8000), (8000, 16000), (48000, 44100)):
        wave = 0.1 * torch.randn(10 * orig)
        floor = bare_rfft(wave, 4096, 4096)
        peers, peers_by_default = {}, {}
        if soxr:
            peers["soxr HQ"] = functools.partial(soxr.resample, wave.numpy(), orig, new, quality="HQ")
        if torchaudio:
            # Its settings nearest to this quality, from its own documentation ("kaiser best").
            best = torchaudio.transforms.Resample(orig, new, "sinc_interp_kaiser", 64, 0.9475937167399596, 14.7696564)
            peers["torchaudio"] = functools.partial(best, wave)
            peers_by_default["torchaudio"] = functools.partial(torchaudio.transforms.Resample(orig, new), wave)
        ours = functools.partial(F.resample, wave, orig, new)
        by_sinc = functools.partial(ours, resampling_method="sinc_interp_hann")
        rows.append(Row(f"resample {orig} to {new}, 10 s", ours, peers, floor, "0.8 soxr, 1.5 torchaudio"))
        rows.append(Row("  with torchaudio's default filter", by_sinc, peers_by_default, floor, "2.5"))
    return rows


def long_period_rows() -> list[Row]:
    rows = []
    for orig, new, samples in (
        (44100, 16001, 441000),
        (44100, 44101, 441000),
        (16000, 15999, 160000),
        (16001, 44100, 160000),
        (44100, 16001, 16000),
        (44100, 44101, 16000),
        (16000, 15999, 16000),
    ):
        wave = 0.1 * torch.randn(samples)
        ours = functools.partial(F.resample, wave, orig, new)
        peers = {"soxr HQ": functools.partial(soxr.resample, wave.numpy(), orig, new, quality="HQ")} if soxr else {}
        rows.append(Row(f"resample {orig} to {new}, {samples} samples", ours, peers, gate="0.8 soxr"))
    return rows


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    report("Features", [*feature_rows(), log_mel_row()])
    report("Resampling", [*resample_rows(), *long_period_rows()])
