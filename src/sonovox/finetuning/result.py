"""What a fine-tuning leaves: the model of its best epoch, its adapter where one was learnt, and a word on both."""

import json
import logging
from typing import TYPE_CHECKING, Any

from sonovox._internal.files import write_text
from sonovox.finetuning.model_card import model_card
from sonovox.finetuning.report import report_line
from sonovox.finetuning.settings import FinetuneSettings
from sonovox.integrations.peft import save_peft_adapter
from sonovox.models.wav2vec2.convert import to_huggingface
from sonovox.models.wav2vec2.pretrained import save_wav2vec2
from sonovox.nn.adapters import merge_adapters

if TYPE_CHECKING:
    from sonovox.training import Brain
    from sonovox.training.checkpoints import Checkpoint

__all__ = ["write_result"]

logger = logging.getLogger(__name__)
MODEL, ADAPTER = "model", "adapter"


def write_result(brain: "Brain", best: "Checkpoint", settings: FinetuneSettings, record: dict[str, Any]) -> None:
    """Write the model, and say how to use it.

    Args:
        brain: with the weights of its best epoch, into which adapters are merged.
        best: their checkpoint, with "WER", "CER" and "epoch".
        settings: of the fine-tuning.
        record: of `prepare`.
    """
    pretrained = brain.hparams.model.pretrained
    results = {name: best.meta[name] for name in ("WER", "CER", "epoch")}
    if settings.adapter_rank:
        save_peft_adapter(
            settings.out / ADAPTER,
            pretrained.model,
            settings.encoder.removeprefix("hf:"),
            lambda weights: to_huggingface(weights, pretrained.config.family),
            whole_layers=["aux"],
        )
        merge_adapters(pretrained.model)
    folder = settings.out / MODEL
    card = model_card(settings, record, results)
    save_wav2vec2(
        folder, pretrained.model, pretrained.config, pretrained.preprocessor, pretrained.vocabulary, card=card
    )
    write_text(settings.out / "results.json", json.dumps(results, indent=1) + "\n")
    wrong = f"{results['WER']:.2f} % of the words of dev wrong, {results['CER']:.2f} % of the characters"
    logger.info(report_line("best", f"epoch {results['epoch']}: {wrong}"))
    if results["CER"] == 100:
        logger.warning("the model writes nothing right; docs/howto/finetune.md says what may help")
    logger.info(report_line("model", f"{folder}, which transformers opens too"))
    if settings.adapter_rank:
        logger.info(report_line("adapter", f"{settings.out / ADAPTER}, which peft opens"))
