"""One seed for every source of random numbers."""

import logging
import random

import numpy as np
import torch

__all__ = ["seed_everything"]

logger = logging.getLogger(__name__)


def seed_everything(seed: int = 0, verbose: bool = True, deterministic: bool = False) -> int:
    """Seed Python, numpy and torch (all devices); return the seed.

    Args:
        seed: from 0 to 2**32 - 1.
        verbose: log the seed.
        deterministic: let torch refuse operations that are not deterministic (slower on a GPU).

    >>> seed_everything(7)
    7
    >>> torch.rand(2)
    tensor([0.5349, 0.1988])
    """
    random.seed(seed)
    np.random.seed(seed)  # recipes' code draws from the global generator
    torch.manual_seed(seed)  # every device
    if deterministic:
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    if verbose:
        logger.info("seed %d for python, numpy and torch", seed)
    return seed
