"""`sonovox doctor`: what this machine has, what is missing, and how to get it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys

import typer

from sonovox import __version__
from sonovox._internal.optional import EXTRAS
from sonovox.cli.console import table

__all__ = ["doctor"]

CORE = ("torch", "numpy", "soundfile", "huggingface-hub", "safetensors", "tokenizers", "rapidfuzz", "typer")
PURPOSES = {
    "av": "m4a, mp4, webm, wma",
    "kenlm": "n-gram language models",
    "matplotlib": "plots",
    "onnx": "ONNX export",
    "pesq": "PESQ",
    "ray": "many machines",
    "starlette": "serving",
    "tensorboard": "TensorBoard logs",
    "transformers": "other Hugging Face encoders",
    "uvicorn": "serving",
}


def doctor(
    network: bool = typer.Option(True, help="Also ask whether the places of models can be reached."),
) -> None:
    """Show versions, devices, cache, network and optional parts."""
    sections = {
        "sonovox": _versions(),
        "computing": _computing(),
        "audio formats": _audio(),
        "optional parts": _optional(),
        "cache": _cache(),
    }
    for title, rows in sections.items():
        typer.echo(f"{title}\n{_indented(rows)}\n")
    if network:
        typer.echo(f"network\n{_indented(_network())}")


def _indented(rows: list[list[str]]) -> str:
    return "\n".join("  " + line for line in table(rows).splitlines())


def _versions() -> list[list[str]]:
    rows = [["sonovox", __version__], ["python", f"{platform.python_version()}, {sys.executable}"]]
    for name in CORE:
        try:
            rows.append([name, importlib.metadata.version(name)])
        except importlib.metadata.PackageNotFoundError:
            rows.append([name, f"missing: pip install {name}"])
    return [*rows, ["system", platform.platform()]]


def _computing() -> list[list[str]]:
    import torch

    from sonovox._kernels.load import kernels

    devices = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    return [
        ["devices", ", ".join(["cpu", *devices])],
        ["cpu features", torch.backends.cpu.get_cpu_capability()],
        ["threads", f"{torch.get_num_threads()} of {os.cpu_count()} (OMP_NUM_THREADS sets them)"],
        ["kernels", kernels().describe()],
    ]


def _audio() -> list[list[str]]:
    import soundfile

    known = soundfile.available_formats()
    wanted = [name for name in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "W64", "RF64") if name in known]
    opus = "OPUS" in soundfile.available_subtypes("OGG") if "OGG" in known else False
    rows = [["libsndfile", f"{soundfile.__libsndfile_version__}: {', '.join(wanted + ['OPUS'] * opus)}"]]
    if importlib.util.find_spec("av") is None:
        return [*rows, ["PyAV", "missing, needed for m4a, mp4, webm, wma: pip install 'sonovox[media]'"]]
    return [*rows, ["PyAV", f"{importlib.metadata.version('av')}: m4a, mp4, webm, wma and more"]]


def _optional() -> list[list[str]]:
    rows = []
    for module, extra in sorted(EXTRAS.items()):
        have = importlib.util.find_spec(module) is not None
        state = importlib.metadata.version(module) if have else f"missing: pip install 'sonovox[{extra}]'"
        rows.append([module, state, PURPOSES[module]])
    return rows


def _cache() -> list[list[str]]:
    from sonovox.hub import Cache, format_size

    cache = Cache()
    entries = cache.entries()
    existing = next(folder for folder in (cache.folder, *cache.folder.parents) if folder.exists())
    return [
        ["folder", f"{cache.folder} (SONOVOX_CACHE sets it)"],
        ["holds", f"{len(entries)} sources, {format_size(sum(entry.size for entry in entries))}"],
        ["free", format_size(shutil.disk_usage(existing).free)],
    ]


def _network() -> list[list[str]]:
    from sonovox.models.whisper.pretrained import OPENAI_URL

    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return [["model hub", _reach(hub)], ["OpenAI", _reach(OPENAI_URL)], ["package index", _reach_package_index()]]


def _reach(url: str) -> str:
    from sonovox._internal.errors import NetworkError
    from sonovox.hub.reach import check_reachable

    try:
        check_reachable(url, within_s=4.0)
    except NetworkError as error:
        return f"no: {error.message}"
    return "reachable"


def _reach_package_index() -> str:
    if importlib.util.find_spec("pip") is None:
        return "no: this Python has no pip; python -m ensurepip"
    # The package that holds the vocabularies of Whisper, asked for with the user's own settings of pip.
    command = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", "mlx-whisper"]
    try:
        found = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "no: no answer within 20 s"
    return "reachable" if found.returncode == 0 else "no: pip finds no packages; `pip config list` shows its settings"
