"""A Whisper model written as a Hugging Face folder, which `load_whisper` and transformers read."""

import os
from pathlib import Path
from typing import Any

from sonovox.hub.huggingface_folder import write_huggingface_folder
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.convert import to_huggingface
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.tokenizer import WhisperTokenizer

__all__ = ["save_whisper"]


def save_whisper(
    folder: str | os.PathLike[str], model: Whisper, tokenizer: WhisperTokenizer, *, card: str = ""
) -> Path:
    """Write a model with its vocabulary, as a whole or not at all; the folder.

    `sonovox transcribe --model FOLDER` takes it, and `WhisperForConditionalGeneration.from_pretrained`.

    Args:
        folder: where to; what stands there is replaced if it is such a folder.
        model: its weights are written in their dtype.
        tokenizer: the one that belongs to it.
        card: what README.md shall say; none is written where empty.

    Raises:
        ArgumentError: a folder with other things in it.
        WriteError: the disk is full, and the like.
    """
    end = "<|endoftext|>"
    description = {**model.config.to_huggingface(), **_ends(tokenizer)}
    files: dict[str, Any] = {
        "generation_config.json": {**_ends(tokenizer), **_generation(model.config, tokenizer)},
        "preprocessor_config.json": _preprocessing(model.config),
        "tokenizer.json": tokenizer.to_json(),
        "tokenizer_config.json": {
            "tokenizer_class": "WhisperTokenizer",
            **dict.fromkeys(("bos_token", "eos_token", "pad_token", "unk_token"), end),
            # The times begin after the last of them.
            "additional_special_tokens": [
                text for text, token in tokenizer.special.items() if token < tokenizer.first_timestamp
            ],
        },
    }
    if card:
        files["README.md"] = card.encode()
    # The output layer is the embedding; one file need not hold it twice.
    weights = to_huggingface(model.state_dict())
    del weights["proj_out.weight"]
    return write_huggingface_folder(folder, description, weights, files)


def _ends(tokenizer: WhisperTokenizer) -> dict[str, int]:
    return {
        "decoder_start_token_id": tokenizer.start,
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), tokenizer.end),
    }


def _generation(config: WhisperConfig, tokenizer: WhisperTokenizer) -> dict[str, Any]:
    """How transformers shall decode: what is never said, and which tokens choose a language and a task."""
    options: dict[str, Any] = {
        "begin_suppress_tokens": tokenizer.blanks,
        "suppress_tokens": tokenizer.not_said,
        "is_multilingual": tokenizer.multilingual,
        "max_initial_timestamp_index": 50,  # 1 s
        "max_length": config.n_text_positions,
        "no_timestamps_token_id": tokenizer.no_timestamps,
        "prev_sot_token_id": tokenizer.start_of_previous,
        "return_timestamps": False,
    }
    if tokenizer.multilingual:
        options["lang_to_id"] = {f"<|{code}|>": token for code, token in tokenizer.languages.items()}
        options["task_to_id"] = tokenizer.tasks
    else:
        options["forced_decoder_ids"] = None
    return options


def _preprocessing(config: WhisperConfig) -> dict[str, Any]:
    seconds = config.n_frames // 100
    return {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "processor_class": "WhisperProcessor",
        "feature_size": config.n_mels,
        "hop_length": 160,
        "n_fft": 400,
        "n_samples": 16000 * seconds,
        "nb_max_frames": config.n_frames,
        "chunk_length": seconds,
        "sampling_rate": 16000,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": False,
    }
