"""ADSR envelope: how the loudness of a note rises, falls, stays and fades."""

import torch
from torch import Tensor

from sonovox._internal.errors import ArgumentError

__all__ = ["adsr_envelope"]


def adsr_envelope(
    num_frames: int,
    *,
    attack: float = 0.0,
    hold: float = 0.0,
    decay: float = 0.0,
    sustain: float = 1.0,
    release: float = 0.0,
    n_decay: int = 2,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Amplitudes of a note: up from 0 to 1, there for a while, down to `sustain`, there, and down to 0.

    Stages last a part of `num_frames - 1` steps, rounded down to whole ones; what they leave
    is the stage of `sustain`. A stage that lasts no step is left out.

    Args:
        num_frames: length, at least 2.
        attack: part in which the amplitude rises along a line.
        hold: part in which it stays 1.
        decay: part in which it falls along a polynomial, `sustain + (1 - sustain) (1 - x)^n_decay`.
        sustain: amplitude after that, in [0, 1].
        release: part at the end in which it falls to 0 along a line.
        n_decay: degree of the polynomial, at least 1.
        dtype: of the result; torch's default if None.
        device: of the result.

    Returns:
        `(num_frames,)`, in [0, 1].

    Raises:
        ArgumentError: an argument outside its range, parts that add up to more than 1.

    >>> adsr_envelope(11, attack=0.2, decay=0.3, sustain=0.5, release=0.3, n_decay=1)
    tensor([0.0000, 0.5000, 1.0000, 0.8333, 0.6667, 0.5000, 0.5000, 0.5000, 0.3333, 0.1667, 0.0000])
    """
    parts = {"attack": attack, "hold": hold, "decay": decay, "release": release}
    for name, value in {**parts, "sustain": sustain}.items():
        if not 0.0 <= value <= 1.0:
            raise ArgumentError(f"{name} must be from 0 to 1, got {value}")
    if sum(parts.values()) > 1.0 + 1e-9:
        raise ArgumentError(
            f"attack, hold, decay and release must add up to at most 1, got {sum(parts.values()):g}",
            hint="they are parts of num_frames",
        )
    if num_frames < 2:
        raise ArgumentError(f"num_frames must be at least 2, got {num_frames}")
    if n_decay < 1:
        raise ArgumentError(f"n_decay must be at least 1, got {n_decay}")
    # A part such as 0.3 of 10 steps must not become 2 by rounding in floating point.
    steps = {name: int(part * (num_frames - 1) + 1e-9) for name, part in parts.items()}
    envelope = torch.full((num_frames,), sustain, dtype=dtype, device=device)

    def line(start: float, end: float, count: int) -> Tensor:
        return torch.linspace(start, end, count + 1, dtype=dtype, device=device)

    top, fall = steps["attack"], steps["attack"] + steps["hold"]
    if steps["attack"]:
        envelope[: top + 1] = line(0.0, 1.0, top)
    if steps["hold"]:
        envelope[top : fall + 1] = 1.0
    if steps["decay"]:
        rest = line(1.0, 0.0, steps["decay"]) ** n_decay
        envelope[fall : fall + steps["decay"] + 1] = sustain + (1.0 - sustain) * rest
    if steps["release"]:
        envelope[-steps["release"] - 1 :] = line(sustain, 0.0, steps["release"])
    return envelope
