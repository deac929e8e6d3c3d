"""Where a model works."""

import torch

from sonovox._internal.errors import ArgumentError

__all__ = ["choose_device"]


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device that was asked for, or the best one that is there.

    Raises:
        ArgumentError: a name that torch does not know, or a device that this machine does not have.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    if device is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as error:
        raise ArgumentError(
            f"device {str(device)!r} cannot be used: {str(error).splitlines()[0]}",
            hint="`sonovox doctor` lists devices",
        ) from error
    return place
