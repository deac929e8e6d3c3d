"""`sonovox doctor`: what this machine has, what is missing, and how to get it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import typer

from sonovox import __version__
from sonovox._internal.errors import SonovoxError
from sonovox._internal.optional import EXTRAS
from sonovox.cli.console import table

__all__ = ["doctor"]

Rows = list[list[str]]

CORE = (
    "torch",
    "numpy",
    "soundfile",
    "huggingface-hub",
    "safetensors",
    "tokenizers",
    "PyYAML",
    "sentencepiece",
    "rapidfuzz",
    "typer",
    "filelock",
)
# Nothing in the network is waited for longer.
ANSWER_S = 6.0
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
        "sonovox": _versions,
        "computing": _computing,
        "audio formats": _audio,
        "optional parts": _optional,
        "cache": _cache,
        "network": _network if network else _switched_off,
    }
    for i, (title, look) in enumerate(sections.items()):
        rows = "\n".join("  " + line for line in table(_healthy(look)).splitlines())
        typer.echo(("\n" if i else "") + f"{title}\n{rows}")


def _healthy(look: Callable[[], Rows]) -> Rows:
    """What `look` finds; what keeps it from looking is a finding too."""
    try:
        return look()
    except SonovoxError as error:
        return [["broken", error.message], ["remedy", error.hint]]
    except (ImportError, OSError) as error:  # a package that does not load, a folder that cannot be read
        return [["broken", " ".join(str(error).split())], ["remedy", "pip install --force-reinstall sonovox"]]


def _versions() -> Rows:
    rows = [["sonovox", __version__], ["python", f"{platform.python_version()}, {sys.executable}"]]
    for name in CORE:
        try:
            rows.append([name, importlib.metadata.version(name)])
        except importlib.metadata.PackageNotFoundError:
            rows.append([name, f"missing: pip install {name}"])
    return [*rows, ["system", platform.platform()]]


def _computing() -> Rows:
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


def _audio() -> Rows:
    import soundfile

    known = soundfile.available_formats()
    wanted = [name for name in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "W64", "RF64") if name in known]
    opus = "OPUS" in soundfile.available_subtypes("OGG") if "OGG" in known else False
    rows = [["libsndfile", f"{soundfile.__libsndfile_version__}: {', '.join(wanted + ['OPUS'] * opus)}"]]
    if importlib.util.find_spec("av") is None:
        return [*rows, ["PyAV", "missing, needed for m4a, mp4, webm, wma: pip install 'sonovox[media]'"]]
    return [*rows, ["PyAV", f"{importlib.metadata.version('av')}: m4a, mp4, webm, wma and more"]]


def _optional() -> Rows:
    rows = []
    for module, extra in sorted(EXTRAS.items()):
        have = importlib.util.find_spec(module) is not None
        state = importlib.metadata.version(module) if have else f"missing: pip install 'sonovox[{extra}]'"
        rows.append([module, state, PURPOSES[module]])
    return rows


def _cache() -> Rows:
    from sonovox.hub import Cache, format_size

    cache = Cache()
    entries = cache.entries()
    existing = next(folder for folder in (cache.folder, *cache.folder.parents) if folder.exists())
    return [
        ["folder", f"{cache.folder} (SONOVOX_CACHE sets it)"],
        ["holds", f"{len(entries)} sources, {format_size(sum(entry.size for entry in entries))}"],
        ["free", format_size(shutil.disk_usage(existing).free)],
        ["writable", "yes" if os.access(existing, os.W_OK) else f"no: {existing}; set SONOVOX_CACHE to another folder"],
    ]


def _network() -> Rows:
    from sonovox.models.whisper.pretrained import OPENAI_URL

    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    with ThreadPoolExecutor() as pool:
        answers = {
            "model hub": pool.submit(_reach, hub),
            "OpenAI": pool.submit(_reach, OPENAI_URL),
            "package index": pool.submit(_reach_package_index),
        }
        rows = [[name, answer.result()] for name, answer in answers.items()]
    if all(state != "reachable" for _, state in rows):
        rows.append(["remedy", "`sonovox models pull tiny.en` where there is a network, then copy the cache folder"])
    return rows


def _switched_off() -> Rows:
    return [["not asked", "--no-network was given"]]


def _reach(url: str) -> str:
    from sonovox._internal.errors import NetworkError
    from sonovox.hub.reach import check_reachable

    try:
        check_reachable(url, within_s=ANSWER_S)
    except NetworkError as error:
        return f"no: {error.message}"
    return "reachable"


def _reach_package_index() -> str:
    if importlib.util.find_spec("pip") is None:
        return "no: this Python has no pip; python -m ensurepip"
    # The package that holds the vocabularies of Whisper, asked for with the user's own settings of pip.
    command = [sys.executable, "-m", "pip", "index", "versions", "mlx-whisper", "--disable-pip-version-check"]
    command += ["--retries", "0", "--timeout", f"{ANSWER_S:.0f}"]
    try:
        found = subprocess.run(command, capture_output=True, timeout=ANSWER_S + 1, check=False)
    except subprocess.TimeoutExpired:
        return f"no: no answer within {ANSWER_S:.0f} s"
    return "reachable" if found.returncode == 0 else "no: pip finds no packages; `pip config list` shows its settings"
