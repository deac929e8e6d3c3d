"""Whisper in model folders of SpeechBrain: a block with its weights, and a searcher that says how to decode."""

from collections.abc import Mapping
from typing import Any

from sonovox._internal.errors import ArgumentError
from sonovox.integrations.huggingface.whisper import Whisper

__all__ = ["holds_whisper", "options_of_folder", "whisper_of_folder"]


def holds_whisper(hparams: Mapping[str, Any]) -> bool:
    """Whether the values of a model folder, as of `read_model_folder`, describe a whole Whisper.

    >>> holds_whisper({"modules": {}})
    False
    """
    block = hparams.get("modules", {}).get("whisper")
    return isinstance(block, Whisper) and not block.encoder_only


def whisper_of_folder(hparams: Mapping[str, Any]) -> Whisper:
    """The block of the folder.

    Raises:
        ArgumentError: the folder holds no Whisper with a decoder.
    """
    if not holds_whisper(hparams):
        names = ", ".join(hparams["modules"]) or "none"
        raise ArgumentError(
            f"WhisperASR needs a module whisper with its decoder; the model has the modules {names}",
            hint="is it a model for another task?",
        )
    block: Whisper = hparams["modules"]["whisper"]
    return block


def options_of_folder(hparams: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `DecodingOptions` that the folder asks for: language, task, the width of the beam.

    Times are not said: the texts that such models are fine-tuned with have none.
    """
    block, searcher = whisper_of_folder(hparams), hparams["modules"].get("decoder")
    chosen: dict[str, Any] = {"timestamps": False, "beam_size": getattr(searcher, "beam_size", 1)}
    if block.tokenizer.multilingual:
        chosen["language"] = hparams.get("language") or block.language
        chosen["task"] = getattr(searcher, "task", None) or block.task
    return chosen
