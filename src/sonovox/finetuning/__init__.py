"""Built-in fine-tuning: a pretrained encoder and a folder of recordings become a recogniser."""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

if TYPE_CHECKING:
    from sonovox.finetuning.encoder import SpellingEncoder
    from sonovox.finetuning.finetuner import FineTuner
    from sonovox.finetuning.run import finetune
    from sonovox.finetuning.settings import FinetuneSettings

__all__ = ["FineTuner", "FinetuneSettings", "SpellingEncoder", "finetune"]

__getattr__ = lazy_names(
    __name__,
    {
        "FineTuner": "sonovox.finetuning.finetuner",
        "FinetuneSettings": "sonovox.finetuning.settings",
        "SpellingEncoder": "sonovox.finetuning.encoder",
        "finetune": "sonovox.finetuning.run",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
