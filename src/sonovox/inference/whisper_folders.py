"""Whisper in model folders of SpeechBrain: a block with its weights, and a searcher that says how to decode."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.inference.interface import Pretrained
from sonovox.integrations.huggingface.whisper import Whisper

__all__ = ["WhisperFolder", "holds_whisper"]


def holds_whisper(hparams: Mapping[str, Any]) -> bool:
    """Whether the values of a model folder, as of `read_model_folder`, describe a whole Whisper.

    >>> holds_whisper({"modules": {}})
    False
    """
    block = hparams.get("modules", {}).get("whisper")
    return isinstance(block, Whisper) and not block.encoder_only


class WhisperFolder(Pretrained):
    """What such a folder holds; `WhisperASR` listens with it.

    Args:
        modules: by their names, `whisper` among them.
        hparams: all values of the folder.
        run_opts: see `Pretrained`.

    Raises:
        ArgumentError: the folder holds no Whisper with a decoder, or an argument that there is not.
    """

    def __init__(
        self, modules: Mapping[str, nn.Module], hparams: Mapping[str, Any], run_opts: Any = None, **others: Any
    ) -> None:
        if others:
            raise ArgumentError(f"WhisperASR.from_hparams has no argument {', '.join(others)}")
        if not holds_whisper(hparams):
            raise ArgumentError(
                "WhisperASR needs a module whisper with its decoder; "
                f"the model has the modules {', '.join(modules) or 'none'}",
                hint="is it a model for another task?",
            )
        super().__init__(modules, hparams, run_opts)

    @property
    def block(self) -> Whisper:
        """The model with its tokenizer."""
        block: Whisper = self.mods["whisper"]  # type: ignore[assignment]
        return block

    @property
    def options(self) -> dict[str, Any]:
        """Fields of `DecodingOptions` that the folder asks for: language, task, the width of the beam.

        Times are not said: the texts that such models are fine-tuned with have none.
        """
        searcher = getattr(self.mods, "decoder", None)
        chosen: dict[str, Any] = {"timestamps": False, "beam_size": getattr(searcher, "beam_size", 1)}
        if self.block.tokenizer.multilingual:
            chosen["language"] = getattr(self.hparams, "language", None) or self.block.language
            chosen["task"] = getattr(searcher, "task", None) or self.block.task
        return chosen
