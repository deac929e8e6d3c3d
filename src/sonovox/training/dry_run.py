"""A run without training: every item is read once, and each stage takes one batch."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from sonovox._internal.errors import TrainingError
from sonovox.training.stage import Stage

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["dry_run"]

logger = logging.getLogger(__name__)
STAGES = {"train": Stage.TRAIN, "valid": Stage.VALID, "test": Stage.TEST}
SHOWN = 20


def dry_run(brain: "Brain", sets: Mapping[str, Any], loader_kwargs: Mapping[str, Mapping[str, Any]]) -> None:
    """Find out before a long run what would stop it; nothing is written, no weight changes.

    Args:
        brain: with its modules.
        sets: datasets by `train`, `valid`, `test`.
        loader_kwargs: for their loaders, likewise.

    Raises:
        TrainingError: items cannot be read; the message names them. What a batch of a stage raises comes as it is.
    """
    bad: list[str] = []
    brain.modules.to(brain.device)
    # Running statistics that the batch of the training leaves are needed by the other stages.
    kept = {name: value.clone() for name, value in brain.modules.state_dict().items()}
    for name, stage in STAGES.items():
        if sets.get(name) is None:
            continue
        loader: Any = brain.make_dataloader(sets[name], stage, **loader_kwargs.get(name, {}))
        quarantine = getattr(loader, "quarantine", None)
        if quarantine is not None:
            quarantine.share = 1.0  # all of them shall be listed
        count, first = 0, None
        for batch in loader:
            first = batch if first is None else first
            count += 1
        bad += [f"{name} {item.id}: {item.reason}" for item in quarantine or ()]
        if first is None:
            raise TrainingError(f"the {name} set has no batch", hint="look at its description and its filters")
        _try(brain, stage, first)
        logger.info("%s: %d batches were read, one was computed", name, count)
    brain.modules.load_state_dict(kept)
    if bad:
        more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise TrainingError(
            f"{len(bad)} items cannot be read:\n" + "\n".join(bad[:SHOWN]) + more, hint="mend or remove them"
        )


def _try(brain: "Brain", stage: Stage, batch: Any) -> None:
    """The forward pass, the loss, and in training the gradients, of one batch."""
    brain.batch, brain.step = batch, 1
    brain.modules.train(stage is Stage.TRAIN)
    brain.on_stage_start(stage, 1 if stage is not Stage.TEST else None)
    with torch.set_grad_enabled(stage is Stage.TRAIN):
        loss = brain.compute_objectives(brain.compute_forward(batch, stage), batch, stage)
        if stage is Stage.TRAIN:
            loss.backward()
    brain.modules.zero_grad(set_to_none=True)
    if not torch.isfinite(loss).all():
        raise TrainingError(f"the loss of the first {stage.name.lower()} batch is {loss.item()}")
