"""A pretrained encoder and what is new on top of it: an optimiser and a schedule for each."""

import torch
from torch import Tensor
from torch.optim import Optimizer

from sonovox.training.annealing_brain import AnnealingBrain

__all__ = ["EncoderBrain"]


class EncoderBrain(AnnealingBrain):
    """An `AnnealingBrain` in which an encoder learns slowly or not at all, and the rest quickly.

    `modules.wav2vec2` is the encoder (HuBERT, WavLM and others are called so too, as in SpeechBrain's recipes).
    Beside what an `AnnealingBrain` needs, `hparams` has

    - `model`: a module that holds the rest, such as a `torch.nn.ModuleList`;
    - `model_opt_class`, `wav2vec2_opt_class`: take parameters and return an optimiser;
    - `lr_annealing_model`, `lr_annealing_wav2vec2`: their schedules;
    - `freeze`: the encoder never learns, and has no optimiser;
    - `freeze_steps`: how many steps the rest learns alone before the encoder does too; none where it is left out.

    Both optimisers go into the checkpoints.

    >>> from torch import nn
    >>> parts = {"wav2vec2": nn.Linear(4, 3), "head": nn.Linear(3, 2)}
    >>> hparams = {
    ...     "freeze": False,
    ...     "freeze_steps": 500,
    ...     "model": nn.ModuleList([parts["head"]]),
    ...     "model_opt_class": lambda weights: torch.optim.AdamW(weights, 1e-3),
    ...     "wav2vec2_opt_class": lambda weights: torch.optim.AdamW(weights, 1e-4),
    ... }
    >>> brain = EncoderBrain(parts, hparams=hparams)
    >>> brain.init_optimizers()
    >>> list(brain.optimizers_dict), list(brain.freeze_optimizers(brain.optimizers_dict))
    (['model', 'wav2vec2'], ['model'])
    """

    @property
    def encoder_learns(self) -> bool:
        """Whether the encoder learns in this step."""
        return not self.hparams.freeze and self.optimizer_step >= getattr(self.hparams, "freeze_steps", 0)

    def encode(self, signals: Tensor, lengths: Tensor) -> Tensor:
        """What the encoder makes of a batch; without gradients, and so quicker, as long as it does not learn."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.encoder_learns):
            features: Tensor = self.modules["wav2vec2"](signals, lengths)
            return features

    def init_optimizers(self) -> None:
        self.optimizers_dict = {"model": self.hparams.model_opt_class(self.hparams.model.parameters())}
        if not self.hparams.freeze:
            self.optimizers_dict["wav2vec2"] = self.hparams.wav2vec2_opt_class(self.modules["wav2vec2"].parameters())

    def freeze_optimizers(self, optimizers: dict[str, Optimizer]) -> dict[str, Optimizer]:
        return optimizers if self.encoder_learns else {"model": optimizers["model"]}
