"""Kaldi features against torchaudio and kaldi-native-fbank, and pitch: `python benchmarks/bench_kaldi.py`.

A peer that is not installed is left out; `requirements/peers.txt` has them.
"""

import contextlib
import functools
import importlib
from types import ModuleType

import torch
from measure import Row, Work, report

from sonovox import functional as F
from sonovox.compliance import kaldi


def optional(name: str) -> ModuleType | None:
    with contextlib.suppress(Exception):  # torchaudio raises OSError where its libraries do not fit torch
        return importlib.import_module(name)
    return None


torchaudio_kaldi = optional("torchaudio.compliance.kaldi")
native = optional("kaldi_native_fbank")


def of_native(kind: str, waves: torch.Tensor, mel_bins: int) -> Work:
    """Its whole way: samples in, features of all frames out, one signal after the other."""
    options = getattr(native, f"{kind}Options")()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = mel_bins
    signals = waves.numpy()

    def work() -> None:
        for signal in signals:
            computer = getattr(native, f"Online{kind}")(options)
            computer.accept_waveform(16000, signal)
            computer.input_finished()
            for index in range(computer.num_frames_ready):
                computer.get_frame(index)

    return work


def bare_rfft(waves: torch.Tensor) -> Work:
    """The floor: the transforms alone, on padded frames that already lie in memory."""
    frames = torch.nn.functional.pad(waves.unfold(-1, 400, 160).reshape(-1, 400), (0, 112))
    chunks = frames.split(256)

    def transform() -> None:
        for chunk in chunks:
            torch.fft.rfft(chunk)

    return transform


def rows() -> list[Row]:
    found = []
    for title, waves in (("10 s", torch.randn(1, 160000)), ("32 x 10 s", torch.randn(32, 160000))):
        waves = 1000 * waves
        batch = waves[:, None]
        for kind, arguments in (("Fbank", {"num_mel_bins": 80}), ("Mfcc", {"num_mel_bins": 23})):
            name = kind.lower()
            peers = {}
            if torchaudio_kaldi:
                theirs = functools.partial(getattr(torchaudio_kaldi, name), **arguments)
                peers["torchaudio"] = lambda theirs=theirs, waves=waves: [theirs(wave[None]) for wave in waves]
            if native:
                peers["kaldi-native"] = of_native(kind, waves, arguments["num_mel_bins"])
            ours = functools.partial(getattr(kaldi, name), batch, **arguments)
            found.append(Row(f"{name}, {title}", ours, peers, bare_rfft(waves), "2.8 torchaudio, 5 native"))
    wave = 1000 * torch.randn(1, 160000)
    peers = {"torchaudio": functools.partial(torchaudio_kaldi.spectrogram, wave)} if torchaudio_kaldi else {}
    found.append(Row("spectrogram, 10 s", functools.partial(kaldi.spectrogram, wave), peers, bare_rfft(wave)))
    lengths = torch.linspace(80000, 160000, 32).long()
    waves = 1000 * torch.randn(32, 160000)
    ours = functools.partial(kaldi.fbank, waves, num_mel_bins=80, lengths=lengths)
    found.append(Row("fbank, 32 of 5 to 10 s with lengths", ours, {}, bare_rfft(waves)))
    speech = torch.sin(2 * torch.pi * torch.linspace(100, 200, 160000).cumsum(0) / 16000)
    found.append(Row("pitch, 10 s", functools.partial(F.compute_kaldi_pitch, speech, 16000)))
    found.append(Row("pitch, 8 x 10 s", functools.partial(F.compute_kaldi_pitch, speech.expand(8, -1), 16000)))
    return found


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    report("Kaldi features", rows(), rounds=7)
