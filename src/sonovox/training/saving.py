"""When training saves: by steps, by minutes, at the end of an epoch, and when a signal comes."""

import logging
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sonovox._internal.errors import TrainingInterruptedError
from sonovox.training.checkpoints import RandomStates
from sonovox.training.distributed import highest
from sonovox.training.interrupts import Interrupts

if TYPE_CHECKING:
    from sonovox.training.brain import Brain

__all__ = ["SavePlan"]

logger = logging.getLogger(__name__)

# As in SpeechBrain, whose tools look for it.
INTRA_EPOCH_KEY = "brain_intra_epoch_ckpt"
SAVE, STOP = 1, 2


class SavePlan:
    """Saves a Brain on the boundaries of its steps, in the background, for the time that it is entered.

    Args:
        brain: with or without a checkpointer.
        interrupts: the signals that end training.
    """

    def __init__(self, brain: "Brain", interrupts: Interrupts) -> None:
        self.brain = brain
        self.interrupts = interrupts
        self.checkpointer = brain.checkpointer
        self.steps = 0
        self.saved_at = time.monotonic()
        self.saves_before_stage_end = 0

    def __enter__(self) -> Self:
        if self.checkpointer is not None:
            self.checkpointer.background = True
            self.checkpointer.on_saved = self._acknowledge
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        if self.checkpointer is not None:
            try:
                self.checkpointer.wait()
            except Exception:
                if kind is None:
                    raise
                logger.exception("the last checkpoint could not be written")
            finally:
                self.checkpointer.background = False

    def after_step(self) -> None:
        """A group of batches is done: save when it is time, leave when a signal has come.

        Raises:
            TrainingInterruptedError: after saving.
        """
        self.steps += 1
        wish = highest(self._wish())
        if wish == STOP:
            self._leave()
        elif wish == SAVE:
            self.save_inside_epoch()

    def before_validation(self) -> None:
        """Remember the random states, to which a validation that is broken off returns."""
        self.random_states = RandomStates().state_dict()

    def inside_validation(self) -> None:
        """Between batches of validation: leave when a signal has come.

        Raises:
            TrainingInterruptedError: after saving what stood before the validation.
        """
        if highest(STOP if self.interrupts.received else 0):
            RandomStates().load_state_dict(self.random_states)
            self._leave()

    def before_stage_end(self) -> None:
        """The hook that follows may save."""
        if self.checkpointer is not None:
            self.saves_before_stage_end = self.checkpointer.saves

    def end_of_epoch(self) -> None:
        """Save unless a hook has, so that no epoch is lost; leave when a signal has come."""
        if self.checkpointer is not None and self.checkpointer.saves == self.saves_before_stage_end:
            self._save(end_of_epoch=True)
        if highest(STOP if self.interrupts.received else 0):
            self._leave(save=False)

    def save_inside_epoch(self) -> None:
        """Save now; the one before it of this kind goes."""
        self._save(end_of_epoch=False)

    def _save(self, *, end_of_epoch: bool) -> None:
        self.saved_at, self.steps = time.monotonic(), 0
        if self.checkpointer is not None:
            self.checkpointer.save_and_keep_only(
                meta={INTRA_EPOCH_KEY: True, "epoch": self.brain.epoch, "step": self.brain.step},
                end_of_epoch=end_of_epoch,
                num_to_keep=1,
                ckpt_predicate=_is_automatic,
                verbosity=logging.DEBUG,
            )

    def _wish(self) -> int:
        if self.interrupts.received:
            return STOP
        if self.checkpointer is None:
            return 0
        interval, minutes = self.brain.ckpt_interval_steps, self.brain.ckpt_interval_minutes
        is_due = (interval and self.steps >= interval) or (minutes and time.monotonic() - self.saved_at >= 60 * minutes)
        return SAVE if is_due else 0

    def _leave(self, *, save: bool = True) -> None:
        if save:
            self.save_inside_epoch()
        if self.checkpointer is not None:
            self.checkpointer.wait()
        name = self.interrupts.received.name if self.interrupts.received else "a signal"
        raise TrainingInterruptedError(
            f"stopped by {name} in epoch {self.brain.epoch} after batch {self.brain.step}",
            hint="the same command goes on from here" if self.checkpointer is not None else "nothing was saved",
            exit_code=self.interrupts.exit_code,
        )

    def _acknowledge(self, checkpoint: Any) -> None:
        meta = {name: value for name, value in checkpoint.meta.items() if isinstance(value, (int, float, str))}
        self.brain.run_log.write("saved", path=str(checkpoint.path), meta=meta)


def _is_automatic(checkpoint: Any) -> bool:
    return INTRA_EPOCH_KEY in checkpoint.meta
