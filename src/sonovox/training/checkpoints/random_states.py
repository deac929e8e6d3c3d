"""The random states of this process, as a recoverable."""

import random
from typing import Any, ClassVar

import numpy as np
import torch

__all__ = ["RandomStates"]


class RandomStates:
    """The states of the random generators of Python, numpy and torch, on the CPU and on each GPU.

    With it among the recoverables, training that goes on from a checkpoint draws the
    numbers that it would have drawn. Under `torchrun` each process keeps its own.

    >>> states = RandomStates()
    >>> saved = states.state_dict()
    >>> first = torch.rand(1), np.random.rand(), random.random()
    >>> states.load_state_dict(saved)
    >>> first == (torch.rand(1), np.random.rand(), random.random())
    True
    """

    per_process: ClassVar[bool] = True

    def state_dict(self) -> dict[str, Any]:
        """The states: of CUDA a list, one for each GPU that was used."""
        on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
        return {
            "python": random.getstate(),
            "numpy": np.random.get_state(legacy=False),
            "torch": torch.get_rng_state().numpy(),
            "cuda": [state.numpy() for state in on_gpus],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to the states; those of GPUs that this machine does not have are left out."""
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])
        torch.set_rng_state(torch.from_numpy(state["torch"]))
        for index, on_gpu in enumerate(state["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(torch.from_numpy(on_gpu), index)
