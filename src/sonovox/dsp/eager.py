"""When an op may work in reused buffers, and tensors that are computed once and kept.

Large temporaries cost more than the arithmetic on them: each page of a fresh
tensor has to be mapped. Ops of this package therefore have two paths that give
equal numbers: a plain vectorised one, which differentiates, compiles, exports,
maps and runs on any device, and one for the common case of plain numbers on a
CPU, which works in small buffers that stay in the cache. This file decides
between them. It is a building block of `dsp`, not part of its faces.
"""

import contextlib
import functools
from collections.abc import Callable, Hashable
from typing import TypeVar

import torch
from torch import Tensor, nn

__all__ = ["can_reuse_buffers", "constant", "first_samples", "full_precision", "in_plain_eager", "over_frames"]

T = TypeVar("T")


def in_plain_eager() -> bool:
    """Whether operations run at once on real numbers.

    Not so under `torch.compile` and `torch.export`, `torch.jit.trace`, the
    transforms of `torch.func`, and dispatch modes such as fake tensors.

    >>> in_plain_eager()
    True
    """
    return not (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined]
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack()
    )


def can_reuse_buffers(*tensors: Tensor) -> bool:
    """Whether results on these tensors may be written into buffers in place.

    True on a CPU, in plain eager execution, when no derivative is wanted,
    neither backward nor forward.

    >>> can_reuse_buffers(torch.zeros(3)), can_reuse_buffers(torch.zeros(3, requires_grad=True))
    (True, False)
    """
    if not in_plain_eager():
        return False
    recording = torch.is_grad_enabled()
    return all(
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.device.type == "cpu"
        and not (recording and tensor.requires_grad)
        and torch.autograd.forward_ad.unpack_dual(tensor).tangent is None
        for tensor in tensors
    )


def constant(build: Callable[..., T]) -> Callable[..., T]:
    """Keep the last 32 results of `build`, a function of hashable arguments that makes tensors.

    The tensors must not be changed in place by whoever gets them. In compiled
    and exported programs they become constants of the program. Nothing is kept
    that was made under a transform, since such tensors die with it, nor are
    inference tensors, since those cannot take part in a gradient later.
    """

    @functools.wraps(build)
    def build_plain(*arguments: Hashable) -> T:
        with torch.inference_mode(False), torch.no_grad():
            return build(*arguments)

    remembered = functools.lru_cache(maxsize=32)(build_plain)

    @torch.compiler.assume_constant_result
    @functools.wraps(build)
    def get(*arguments: Hashable) -> T:
        return remembered(*arguments) if in_plain_eager() else build_plain(*arguments)

    # torch.compile names a constant after this code, and inductor refuses two of one name in a program.
    get.__code__ = get.__code__.replace(co_name=build.__name__)
    return get


def full_precision(tensor: Tensor) -> contextlib.AbstractContextManager[object]:
    """A context in which autocast leaves matrix products on the device of `tensor` alone.

    Features span ten orders of magnitude before their logarithm: bfloat16's
    three digits are too few for them.
    """
    kind = tensor.device.type
    return torch.autocast(kind, enabled=False) if torch.is_autocast_enabled(kind) else contextlib.nullcontext()


def first_samples(signal: Tensor, length: int) -> Tensor:
    """`signal[..., :length]`, where `length` is known to be at most the last dimension.

    `torch.export` would have to prove that bound to slice, which for lengths such
    as `ceil(2 * time / 3)` it cannot; it can gather.

    >>> first_samples(torch.arange(5), 2)
    tensor([0, 1])
    """
    if torch.compiler.is_exporting():
        return signal.index_select(-1, torch.arange(length, device=signal.device))
    return signal[..., :length]


def over_frames(transform: Callable[[Tensor], Tensor], frames: Tensor) -> Tensor:
    """`transform(frames)`, a Fourier transform over the last dimension of `(..., frames, n)`.

    `torch.export` would have to prove that frames in any number after a batch
    dimension are contiguous; as the first dimension they are. MKL refuses to
    transform an empty batch.
    """
    if frames.numel() == 0:
        one = transform(frames.new_zeros(1, frames.shape[-1]))
        return one.new_empty(*frames.shape[:-1], one.shape[-1])
    if torch.compiler.is_exporting():
        return transform(frames.movedim(-2, 0).contiguous()).movedim(0, -2)
    return transform(frames)
