"""Gradients of an operation that is opaque to the compiler: the operation is computed again, and differentiated.

A loop over time is one operation for `torch.compile` and `torch.export`, so that a
program serves any number of steps. A building block of the layers, not a layer.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch._C import DispatchKey

__all__ = ["recomputed_gradient"]


def recomputed_gradient(
    function: Callable[[Sequence[Tensor]], Sequence[Tensor]], inputs: Sequence[Tensor], gradients: Sequence[Tensor]
) -> list[Tensor]:
    """Gradients of `inputs`, from those of `function(inputs)`; zeros of what takes no part.

    >>> recomputed_gradient(lambda inputs: [inputs[0] ** 2], [torch.tensor(3.0)], [torch.tensor(1.0)])
    [tensor(6.)]
    """
    # An operation runs below the keys that record for a gradient: let them in again.
    excluded = torch._C._dispatch_tls_local_exclude_set()
    for key in (DispatchKey.AutogradFunctionality, DispatchKey.AutogradOther, DispatchKey.ADInplaceOrView):
        excluded = excluded.remove(key)
    included = torch._C._dispatch_tls_local_include_set()
    with torch._C._ForceDispatchKeyGuard(included, excluded), torch.enable_grad():
        leaves = [tensor.detach().requires_grad_() for tensor in inputs]
        found = torch.autograd.grad(function(leaves), leaves, list(gradients), allow_unused=True)
    pairs = zip(found, inputs, strict=True)
    return [torch.zeros_like(own) if gradient is None else gradient.contiguous() for gradient, own in pairs]
