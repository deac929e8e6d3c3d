"""Checkpoints that a kill at any instant cannot hurt: saved whole, verified before they are loaded."""

from sonovox.training.checkpoints.averaging import average_checkpoints, average_state_dicts
from sonovox.training.checkpoints.checkpointer import Checkpoint, Checkpointer, ckpt_recency
from sonovox.training.checkpoints.random_states import RandomStates

__all__ = [
    "Checkpoint",
    "Checkpointer",
    "RandomStates",
    "average_checkpoints",
    "average_state_dicts",
    "ckpt_recency",
]
