"""Encoders in Hugging Face folders: found, read without running code, and written.

config.json                sizes
model.safetensors          weights, or pytorch_model.bin, or shards with an index
adapter.<language>.…       those of its adapters and of its head for one of many languages (MMS)
preprocessor_config.json   sample rate, normalisation of waveforms
vocab.json                 labels of a CTC head, with tokenizer_config.json
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.hub import fetch, load_weights, transfer
from sonovox.hub.huggingface_folder import write_huggingface_folder
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.convert import from_fairseq, from_huggingface, to_huggingface
from sonovox.models.wav2vec2.fairseq import FairseqCheckpoint
from sonovox.models.wav2vec2.model import Wav2Vec2Model, build_wav2vec2
from sonovox.models.wav2vec2.preprocessor import Preprocessor
from sonovox.models.wav2vec2.vocabulary import CTCVocabulary

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = [
    "FOLDER_FILES",
    "PretrainedWav2Vec2",
    "check_layers",
    "fetch_wav2vec2",
    "find_weights",
    "load_wav2vec2",
    "read_description",
    "save_wav2vec2",
]

# What is taken from a repository; folders differ in which of these they hold.
FOLDER_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "pytorch_model-*.bin",
    "vocab.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
# In a folder on disk, the first of these that is there.
WEIGHTS = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
)  # fmt: skip


@dataclass(frozen=True)
class PretrainedWav2Vec2:
    """A model and what belongs to it.

    Args:
        model: in evaluation mode; `model.aux` is the CTC head where there is one.
        config: its sizes.
        preprocessor: what waveforms need before it.
        vocabulary: labels of the CTC head; None without a head.
    """

    model: Wav2Vec2Model
    config: Wav2Vec2Config
    preprocessor: Preprocessor = field(default_factory=Preprocessor)
    vocabulary: CTCVocabulary | None = None


def load_wav2vec2(
    source: str | os.PathLike[str],
    *,
    head: bool = True,
    language: str | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> PretrainedWav2Vec2:
    """The encoder of a Hugging Face folder, in evaluation mode, with all that belongs to it.

    Args:
        source: a folder on disk, `hf:owner/name` or bare `owner/name` of a wav2vec 2.0, HuBERT or WavLM model, or
            the `.pt` of their pretraining by fairseq, on disk or behind an address.
        head: whether a CTC head and its labels are wanted where there is one.
        language: of a model with adapters for many, as its files are named (ISO 639-3); what the model has by itself
            is that of English mostly.
        device: where the weights go.
        dtype: float32 by default.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Raises:
        HubError: the files cannot be had.
        WeightsError: they are no model of these families, not whole, or without that language.
        ChoiceError: a language without labels.
    """
    folder = fetch_wav2vec2(source, language=language, offline=offline, progress=progress)
    if folder.is_file():
        return _of_fairseq(FairseqCheckpoint(folder), device, dtype or torch.float32)
    description = read_description(folder)
    config = Wav2Vec2Config.from_huggingface(description)
    weights = from_huggingface(load_weights(find_weights(folder), device=device, dtype=dtype or torch.float32))
    if language is not None:
        weights |= from_huggingface(
            load_weights(_find_adapter(folder, config, language), device=device, dtype=dtype or torch.float32)
        )
    check_layers(config, weights, folder)
    # What is there counts: a configuration may be silent, or as it was before the fine-tuning.
    labels = len(weights["aux.weight"]) if head and "aux.weight" in weights else None
    config = replace(config, aux_num_out=labels)
    if labels is None:
        weights = {name: tensor for name, tensor in weights.items() if not name.startswith("aux.")}
    with torch.device("meta"):  # no memory for weights that are replaced at once
        model = build_wav2vec2(config)
    if model.masking is not None and "masking.embedding" not in weights:  # models that were never pretrained lack it
        weights["masking.embedding"] = torch.rand(config.encoder_embed_dim, device=device, dtype=dtype)
    if model.masking is None:
        weights.pop("masking.embedding", None)
    transfer(model, weights)
    vocabulary = None
    if model.aux is not None:
        blank = description.get("pad_token_id", 0)
        vocabulary = CTCVocabulary.from_folder(folder, blank, outputs=labels, language=language)
    return PretrainedWav2Vec2(model.eval(), config, Preprocessor.from_folder(folder), vocabulary)


def fetch_wav2vec2(
    source: str | os.PathLike[str],
    *,
    language: str | None = None,
    further: Sequence[str] = (),
    token: str | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
) -> Path:
    """The folder of an encoder on this machine, fetched where it is not.

    Args:
        source: as for `load_wav2vec2`; so is `language`.
        language: of many, one whose adapters are wanted.
        further: names or patterns of files that are wanted where they are there.
        token: as for `hub.fetch`; so are `offline` and `progress`.
        offline: use the cache only.
        progress: who is told.
    """
    further = (*FOLDER_FILES, *further, *(() if language is None else _adapter_files(language)))
    return fetch(source, files=["config.json"], optional=further, token=token, offline=offline, progress=progress)


def save_wav2vec2(
    folder: str | os.PathLike[str],
    model: Wav2Vec2Model,
    config: Wav2Vec2Config,
    preprocessor: Preprocessor | None = None,
    vocabulary: CTCVocabulary | None = None,
    *,
    card: str = "",
) -> Path:
    """A folder that `load_wav2vec2` and transformers read; it appears as a whole or not at all.

    Args:
        folder: where to; what stands there is replaced if it is such a folder.
        model: its weights are written in their dtype.
        config: its sizes.
        preprocessor: what waveforms need before it.
        vocabulary: labels of `model.aux`.
        card: what README.md shall say; none is written where empty.

    Raises:
        ArgumentError: a head without labels or with another number of them, or a folder with other things in it.
        WriteError: the disk is full, and the like.
    """
    if (model.aux is None) != (vocabulary is None):
        raise ArgumentError("a CTC head needs its vocabulary, and a vocabulary its head", hint="give both or none")
    description: dict[str, Any] = replace(config, aux_num_out=getattr(model.aux, "out_features", None)).to_huggingface()
    preprocessing = (preprocessor or Preprocessor()).to_huggingface()
    files: dict[str, Any] = {"preprocessor_config.json": preprocessing}
    if card:
        files["README.md"] = card.encode()
    if vocabulary is not None:
        if len(vocabulary.labels) != description["vocab_size"]:
            raise ArgumentError(
                f"vocabulary has {len(vocabulary.labels)} labels, and the head {description['vocab_size']} outputs"
            )
        description["pad_token_id"] = vocabulary.blank
        files |= vocabulary.to_files()
    return write_huggingface_folder(folder, description, to_huggingface(model.state_dict(), config.family), files)


def read_description(folder: Path) -> dict[str, Any]:
    """The content of `config.json`.

    Raises:
        WeightsError: there is none, or it is damaged.
    """
    file = folder / "config.json"
    try:
        description = json.loads(file.read_bytes())
    except OSError as error:
        raise WeightsError(f"{folder} holds no config.json", hint="give the folder of a Hugging Face model") from error
    except ValueError as error:
        raise WeightsError(f"{file} cannot be read: {error}", hint="fetch it again") from error
    if not isinstance(description, dict):
        raise WeightsError(f"{file} must hold a mapping, got {type(description).__name__}", hint="fetch it again")
    return description


def find_weights(folder: Path) -> Path:
    """The file of weights, or the index of several.

    Raises:
        WeightsError: there is none.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise WeightsError(f"{folder} holds no weights", hint=f"it needs {' or '.join(WEIGHTS)}")


def _of_fairseq(checkpoint: FairseqCheckpoint, device: torch.device | str, dtype: torch.dtype) -> PretrainedWav2Vec2:
    weights = from_fairseq(checkpoint.weights())
    weights.pop("masking.embedding", None)
    check_layers(checkpoint.config, weights, checkpoint.file)
    with torch.device("meta"):
        model = build_wav2vec2(checkpoint.config)
    transfer(model, {name: tensor.to(device, dtype) for name, tensor in weights.items()})
    return PretrainedWav2Vec2(model.eval(), checkpoint.config, checkpoint.preprocessor)


def _adapter_files(language: str) -> tuple[str, str]:
    if not re.fullmatch(r"[\w-]+", language):
        raise ArgumentError(f"language must be a code such as fra, got {language!r}")
    return f"adapter.{language}.safetensors", f"adapter.{language}.bin"


def _find_adapter(folder: Path, config: Wav2Vec2Config, language: str) -> Path:
    if config.adapter_bottleneck is None:
        raise WeightsError(f"{folder} is a model without adapters for languages", hint="leave the language out")
    found = next((folder / name for name in _adapter_files(language) if (folder / name).is_file()), None)
    if found is None:
        others = sorted(file.name.split(".")[1] for file in folder.glob("adapter.*.*"))
        raise WeightsError(
            f"{folder} has no adapter for {language!r}", hint=f"it has {', '.join(others[:20]) or 'none'}"
        )
    return found


def check_layers(config: Wav2Vec2Config, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Before millions of layers are built that a damaged or hostile config.json asks for."""
    found = [re.match(r"encoder\.transformer\.layers\.(\d+)\.", name) for name in weights]
    layers = 1 + max((int(match[1]) for match in found if match), default=-1)
    if layers != config.encoder_num_layers:
        raise WeightsError(
            f"config.json of {folder} asks for {config.encoder_num_layers} layers, its weights have {layers}",
            hint="the two belong to different models",
        )
