"""The pictures of the reference, drawn from what the functions give."""

from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from torch import Tensor

from sonovox import functional as F

__all__ = ["PICTURES", "draw_all"]

# Name of a function -> (file, what there is to see), for the page that documents it.
PICTURES = {
    "melscale_fbanks": (("mel_filters.png", "ten mel filters on the HTK and on the Slaney scale"),),
    "resample": (("resample_response.png", "frequency responses of the two resampling methods"),),
    "lowpass_biquad": (("biquads.png", "frequency responses of the biquad filters"),),
    "log_mel_spectrogram": (("log_mel_chirp.png", "the log-mel spectrogram of a chirp"),),
}

mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10})


def draw_all(folder: Path) -> None:
    """Write all pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in {
        "mel_filters": mel_filters,
        "resample_response": resample_response,
        "log_mel_chirp": log_mel_chirp,
        "biquads": biquads,
    }.items():
        draw().savefig(folder / f"{name}.png", dpi=130)


def mel_filters(n_mels: int = 10, sample_rate: int = 16000) -> Figure:
    """Filters of both scales, in the norms with which they are usually used."""
    figure = Figure(figsize=(8, 4.4), layout="constrained")
    n_freqs = 4001  # finer than any transform, so that the triangles are seen as they are meant
    hertz = torch.linspace(0, sample_rate / 2, n_freqs)
    settings = (("htk", None, "mel_scale='htk', norm=None"), ("slaney", "slaney", "mel_scale='slaney', norm='slaney'"))
    for axes, (scale, norm, title) in zip(figure.subplots(2, 1, sharex=True), settings, strict=True):
        filters = F.melscale_fbanks(n_freqs, 0.0, sample_rate / 2, n_mels, sample_rate, norm, scale)
        for i in range(n_mels):
            inside = filters[:, i] > 0
            axes.plot(hertz[inside], filters[inside, i], color=mpl.colormaps["viridis"](i / n_mels), linewidth=1.4)
        axes.set_title(title, loc="left")
        axes.set_ylabel("weight")
        axes.set_ylim(0)
        axes.set_xlim(0, sample_rate / 2)
    axes.set_xlabel("frequency in Hz")
    return figure


def resample_response(orig: int = 48000, new: int = 16000) -> Figure:
    """Responses from 48 to 16 kHz, from 0 Hz to the input's Nyquist frequency, and the pass band enlarged."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    whole, near = figure.subplots(1, 2, width_ratios=(3, 2))
    for method, label, color in (
        ("sinc_interp_hann", "sinc_interp_hann (torchaudio's default)", "tab:orange"),
        ("hq", "hq (the default here)", "tab:blue"),
    ):
        hertz, decibels = response(orig, new, method)
        for axes in (whole, near):
            axes.plot(hertz / 1000, decibels, color=color, label=label, linewidth=1.1)
    for axes in (whole, near):
        axes.axvline(new / 2000, color="gray", linestyle=":", linewidth=1)
        axes.grid(alpha=0.25)
        axes.set_xlabel("frequency in kHz")
    whole.set(xlim=(0, orig / 2000), ylim=(-160, 10), ylabel="gain in dB")
    whole.set_title(f"{orig} Hz to {new} Hz; dotted: the new Nyquist frequency", loc="left")
    whole.legend(loc="upper right", frameon=True, fontsize=8)
    near.set(xlim=(5.5, 8.5), ylim=(-8, 1))
    near.set_title("the edge of the pass band", loc="left")
    return figure


def response(orig: int, new: int, method: str, seconds: float = 0.05) -> tuple[Tensor, Tensor]:
    """Frequencies in Hz, and the gain there in dB, of resampling by the whole factor `orig / new`.

    Each output sees every `factor`-th tap of the filter; impulses at `factor`
    neighbouring inputs show all taps in turn.
    """
    factor, time = orig // new, int(orig * seconds) // (orig // new) * (orig // new)
    impulses = torch.zeros(factor, time, dtype=torch.float64)
    impulses[torch.arange(factor), time // 2 + torch.arange(factor)] = 1.0
    outputs = F.resample(impulses, orig, new, resampling_method=method)  # (factor, time / factor)
    taps = outputs.flip(0).T.flatten()  # output m for an impulse at p is tap factor * m - p
    spectrum = torch.fft.rfft(taps, n=2**16).abs()
    return torch.fft.rfftfreq(2**16, 1 / orig), 20 * spectrum.clamp(min=1e-12).log10()


def log_mel_chirp(seconds: float = 3.0, sample_rate: int = 16000) -> Figure:
    """A chirp from 50 Hz to 7.5 kHz: straight in Hz, bent on the mel scale."""
    time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate
    phase = 2 * torch.pi * (50 * time + (7500 - 50) / (2 * seconds) * time**2)
    mel = F.log_mel_spectrogram(0.3 * torch.sin(phase))
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(mel, origin="lower", aspect="auto", cmap="magma", extent=(0, seconds, 0, len(mel)))
    axes.set(xlabel="time in s", ylabel="mel band")
    axes.set_title("log_mel_spectrogram of a chirp from 50 to 7500 Hz, linear in time", loc="left")
    figure.colorbar(image, label="scaled log10 of power")
    return figure


def biquads(sample_rate: int = 16000) -> Figure:
    """What the second-order filters do to a click: its spectrum is their response."""
    click = torch.zeros(1 << 15, dtype=torch.float64)
    click[0] = 1.0
    hertz = torch.linspace(0, sample_rate / 2, len(click) // 2 + 1)
    panels = {
        "bands and edges at 1 kHz, Q = 0.707": {
            "lowpass": F.lowpass_biquad(click, sample_rate, 1000.0),
            "highpass": F.highpass_biquad(click, sample_rate, 1000.0),
            "bandpass": F.bandpass_biquad(click, sample_rate, 1000.0),
            "bandreject": F.bandreject_biquad(click, sample_rate, 1000.0),
        },
        "tone controls, +9 dB": {
            "bass": F.bass_biquad(0.1 * click, sample_rate, 9.0, 300.0) * 10,
            "equalizer": F.equalizer_biquad(0.1 * click, sample_rate, 1000.0, 9.0, 2.0) * 10,
            "treble": F.treble_biquad(0.1 * click, sample_rate, 9.0, 3000.0) * 10,
        },
    }
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    for axes, (title, filters) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for name, response in filters.items():
            gain = F.amplitude_to_DB(torch.fft.rfft(response).abs(), 20.0, 1e-6, 0.0)
            axes.semilogx(hertz[1:], gain[1:], label=name, linewidth=1.2)
        axes.set(title=title, xlabel="frequency in Hz", ylabel="gain in dB", xlim=(50, sample_rate / 2))
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8)
        axes.set_ylim(*((-40, 3) if "edges" in title else (-2, 11)))
    return figure
