"""The Brain of a fine-tuning: CTC over letters, two optimisers, and a word when the model writes nothing."""

import logging
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from sonovox.data import read_audio
from sonovox.finetuning.encoder import SpellingEncoder
from sonovox.finetuning.report import report_line
from sonovox.losses import ctc_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import Brain, Stage
from sonovox.training.distributed import is_main_process

__all__ = ["FineTuner", "read_signal", "spell"]

logger = logging.getLogger(__name__)
# Updates that a model usually needs before it writes its first letters.
USUAL_SILENCE = 1000


class FineTuner(Brain):
    """Teaches `modules.model`, a `SpellingEncoder`, to write; subclass it to change one thing.

    `hparams` has what `ctc.yaml` beside this file has: two kinds of optimisers with their
    schedules by update, and `freeze_updates`.

    Attributes:
        dev_stats: of the last validation: "loss", and in percent "WER" of words, "CER" of characters.
    """

    blanks_were_explained = False

    def init_optimizers(self) -> None:
        model: SpellingEncoder = self.hparams.model  # without what parallel training wraps around it
        self.head_optimizer = self.hparams.head_opt_class(model.head.parameters())
        self.optimizers_dict = {"head_optimizer": self.head_optimizer}
        if self.hparams.encoder_learning_rate > 0:
            self.encoder_optimizer = self.hparams.encoder_opt_class(model.encoder_parameters())
            self.optimizers_dict["encoder_optimizer"] = self.encoder_optimizer

    @property
    def encoder_is_frozen(self) -> bool:
        """Whether this update teaches the head only."""
        return self.hparams.encoder_learning_rate == 0 or self.optimizer_step < self.hparams.freeze_updates

    def print_trainable_parameters(self) -> None:
        model: SpellingEncoder = self.hparams.model
        head = sum(weight.numel() for weight in model.head.parameters())
        others = sum(weight.numel() for weight in model.encoder_parameters())
        others = others if self.hparams.encoder_learning_rate else 0
        total = sum(weight.numel() for weight in model.parameters())
        what = "the head"
        if model.adapted_layers:
            what += f" and adapters of rank {self.hparams.lora_rank} beside {len(model.adapted_layers)} layers"
        elif others:
            what += " and the encoder"
        share = 100 * (head + others) / total
        logger.info(report_line("learn", f"{head + others:,} of {total:,} parameters ({share:.1f} %): {what}"))

    def freeze_optimizers(self, optimizers: dict[str, Optimizer]) -> dict[str, Optimizer]:
        return {name: each for name, each in optimizers.items() if name == "head_optimizer" or self._encoder_learns}

    def on_fit_batch_start(self, batch: Any, should_step: bool) -> None:
        # Asked here, since the step is counted before optimisers are chosen.
        self._encoder_learns = not self.encoder_is_frozen
        self.hparams.model.freeze_encoder = not self._encoder_learns
        if should_step:
            self.hparams.head_schedule(self.head_optimizer, self.optimizer_step + 1)
            if "encoder_optimizer" in self.optimizers_dict:
                self.hparams.encoder_schedule(self.encoder_optimizer, self.optimizer_step + 1)

    def compute_forward(self, batch: Any, stage: Stage) -> tuple[Tensor, Tensor]:
        wavs, lengths = batch.to(self.device).sig
        return self.modules["model"](wavs, lengths), lengths

    def compute_objectives(self, predictions: tuple[Tensor, Tensor], batch: Any, stage: Stage) -> Tensor:
        log_probs, lengths = predictions
        letters, letter_lengths = batch.letters
        if stage is not Stage.TRAIN:
            written = self.hparams.model.read(log_probs, lengths)
            # A model may write its labels in lower case, whatever they are.
            lower = self.hparams.model.vocabulary.lower_case
            said = [text.lower() if lower else text for text in batch.text]
            self.words.append(batch.id, [text.split() for text in written], [text.split() for text in said])
            self.characters.append(batch.id, [list(text) for text in written], [list(text) for text in said])
        return ctc_loss(log_probs, letters, lengths, letter_lengths, self.hparams.model.vocabulary.blank)

    def on_stage_start(self, stage: Stage, epoch: int | None = None) -> None:
        if stage is not Stage.TRAIN:
            self.words, self.characters = ErrorRateStats(), ErrorRateStats()

    def on_stage_end(self, stage: Stage, stage_loss: float, epoch: int | None = None) -> None:
        if stage is Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
            return
        wer, cer = self.words.summarize("WER"), self.characters.summarize("WER")
        self.dev_stats = {"loss": stage_loss, "WER": wer, "CER": cer}
        rates = {"lr": self.head_optimizer.param_groups[0]["lr"]}
        if "encoder_optimizer" in self.optimizers_dict:
            rates["encoder lr"] = 0.0 if self.encoder_is_frozen else self.encoder_optimizer.param_groups[0]["lr"]
        self.hparams.train_logger.log_stats({"epoch": epoch, **rates}, self.train_stats, self.dev_stats)
        if not any(self.words.hypotheses) and is_main_process():
            self._tell_of_blanks()
        # Characters decide between epochs of equal words, as they all are where words are not separated.
        meta = {"WER": wer, "CER": cer, "error": wer + cer / 1000, "epoch": epoch}
        self.checkpointer.save_and_keep_only(meta=meta, min_keys=["error"], verbosity=logging.DEBUG)

    def _tell_of_blanks(self) -> None:
        """Name the commonest failure of CTC, in which every frame is the blank."""
        updates, total = self.optimizer_step, self.hparams.total_updates
        said = f"all-blank output after {updates} of about {total} updates: the model writes nothing yet"
        if self.encoder_is_frozen and self.hparams.encoder_learning_rate > 0:
            logger.info("%s; its encoder is frozen until update %d", said, self.hparams.freeze_updates)
        elif updates < min(USUAL_SILENCE, total // 2):
            logger.info("%s; CTC begins so, and usually leaves it within %d updates", said, USUAL_SILENCE)
        elif self.blanks_were_explained:
            logger.warning("%s, still", said)
        else:
            self.blanks_were_explained = True
            logger.warning(
                "%s. If the loss no longer falls it will stay so: give more updates (--epochs, or a smaller "
                "--batch-seconds), an --encoder-learning-rate 3 times as high, or --freeze-updates 0; and listen "
                "whether the texts belong to their sounds, and are in one language",
                said,
            )


def read_signal(sound: Any, sample_rate: int) -> Tensor:
    """Samples `(time,)` of what `read_audio` takes, resampled, its channels averaged."""
    signal = read_audio(sound, sample_rate=sample_rate)
    return signal if signal.dim() == 1 else signal.mean(-1)


def spell(text: str, vocabulary: Any) -> Tensor:
    """Labels `(letters,)` of a text."""
    return torch.tensor(vocabulary.encode(text))
