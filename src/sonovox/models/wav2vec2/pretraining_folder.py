"""Models for pretraining in Hugging Face folders: transformers' `Wav2Vec2ForPreTraining`, read and written.

`load_wav2vec2` and the block `Wav2Vec2` take the encoder out of such a folder.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonovox.hub import fetch, load_weights, transfer
from sonovox.hub.huggingface_folder import write_huggingface_folder
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.convert import (
    pretraining_from_fairseq,
    pretraining_from_huggingface,
    pretraining_to_huggingface,
)
from sonovox.models.wav2vec2.fairseq import FairseqCheckpoint
from sonovox.models.wav2vec2.preprocessor import Preprocessor
from sonovox.models.wav2vec2.pretrained import (
    FOLDER_FILES,
    check_layers,
    find_weights,
    read_description,
)
from sonovox.models.wav2vec2.pretraining import Wav2Vec2PretrainingConfig, Wav2Vec2PretrainModel

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["load_wav2vec2_pretraining", "save_wav2vec2_pretraining"]


def load_wav2vec2_pretraining(
    source: str | os.PathLike[str],
    *,
    with_weights: bool = True,
    override_config: Callable[[Wav2Vec2Config], Wav2Vec2Config] | None = None,
    offline: bool | None = None,
    progress: "Progress | bool | None" = None,
    **changes: Any,
) -> tuple[Wav2Vec2PretrainModel, Preprocessor]:
    """The model for pretraining of a folder, in training mode, and what waveforms need before it.

    Args:
        source: a folder on disk, `hf:owner/name` or bare `owner/name` of a wav2vec 2.0 model, or the `.pt` of
            fairseq's pretraining, on disk or behind an address.
        with_weights: False takes the sizes only, and random weights.
        override_config: from the sizes of the folder to those that are wanted.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.
        changes: of `Wav2Vec2PretrainingConfig`, such as `mask_prob`, in place of what the folder says.

    Raises:
        HubError: the files cannot be had.
        WeightsError: they are no such model, not whole, or without the weights of the quantiser.
    """
    further = FOLDER_FILES if with_weights else FOLDER_FILES[:3]
    folder = fetch(source, files=["config.json"], optional=further, offline=offline, progress=progress)
    checkpoint = FairseqCheckpoint(folder) if folder.is_file() else None
    if checkpoint is not None:
        config, preprocessor = checkpoint.config, checkpoint.preprocessor
        pretraining = Wav2Vec2PretrainingConfig(**{**checkpoint.pretraining, **changes})
    else:
        description = read_description(folder)
        config = Wav2Vec2Config.from_huggingface(description, aux=False)
        pretraining = Wav2Vec2PretrainingConfig.from_huggingface(description, **changes)
        preprocessor = Preprocessor.from_folder(folder)
    config = config if override_config is None else override_config(config)
    if not with_weights:
        return Wav2Vec2PretrainModel(config, pretraining), preprocessor
    if checkpoint is not None:
        weights = pretraining_from_fairseq(checkpoint.weights())
    else:
        weights = pretraining_from_huggingface(load_weights(find_weights(folder), dtype=torch.float32))
    encoder = {name.removeprefix("wav2vec2."): tensor for name, tensor in weights.items()}
    check_layers(config, encoder, folder)
    with torch.device("meta"):  # no memory for weights that are replaced at once
        model = Wav2Vec2PretrainModel(config, pretraining)
    transfer(model, {name: tensor for name, tensor in weights.items() if ".aux." not in name})
    return model.train(), preprocessor


def save_wav2vec2_pretraining(
    folder: str | os.PathLike[str], model: Wav2Vec2PretrainModel, preprocessor: Preprocessor | None = None
) -> Path:
    """A folder that `load_wav2vec2_pretraining`, `load_wav2vec2` and transformers read.

    Args:
        folder: where to; what stands there is replaced if it is such a folder.
        model: its weights are written in their dtype.
        preprocessor: what waveforms need before it.

    Raises:
        ArgumentError: a folder with other things in it.
        WriteError: the disk is full, and the like.
    """
    description = {
        **model.config.to_huggingface(),
        **model.pretraining.to_huggingface(),
        "architectures": ["Wav2Vec2ForPreTraining"],
    }
    description.pop("vocab_size", None)
    if not (model.config.mask_time_prob or model.config.mask_feature_prob):
        # Without masks in fine-tuning, transformers builds no vector to mask with in pretraining either.
        description["mask_time_prob"] = model.pretraining.mask_prob
        description["mask_time_length"] = model.pretraining.mask_length
    files = {"preprocessor_config.json": (preprocessor or Preprocessor()).to_huggingface()}
    return write_huggingface_folder(folder, description, pretraining_to_huggingface(model.state_dict()), files)
