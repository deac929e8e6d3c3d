"""Whether this process is one of several that compute together."""

import torch.distributed

__all__ = ["is_distributed"]


def is_distributed() -> bool:
    """True inside a group of processes, such as `torchrun` starts; False where this build of torch knows none.

    >>> is_distributed()
    False
    """
    return torch.distributed.is_available() and torch.distributed.is_initialized()
