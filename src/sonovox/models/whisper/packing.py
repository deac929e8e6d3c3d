"""Linear layers packed for the CPU: the decoder speaks one token at a time, and then reads all its weights.

A product of one row with a matrix is bound by the order in which memory is read.
oneDNN, which torch brings along, stores a weight in the order in which its
kernels read it. `benchmarks/bench_whisper.py` shows what that gives.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.models.whisper.model import Whisper

__all__ = ["PackedLinear", "can_pack", "pack"]

# Rows for which the order is chosen. One that suits a small beam suits a single row as well;
# the order for one row is a third slower with five.
ROWS = 8


class PackedLinear(nn.Module):
    """A linear layer with a packed copy of its weight, for inference on the CPU.

    It has no parameters: it cannot be trained, moved or saved.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), ROWS)
        self.bias = None if bias is None else bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def can_pack(model: Whisper) -> bool:
    """Whether this torch can pack the weights of `model`, and does products with them right."""
    weight = model.decoder.positions
    if weight.device.type != "cpu" or weight.dtype not in (torch.float32, torch.bfloat16):
        return False
    # The operators are those of torch's compiler and not promised to users: ask them before they are used.
    try:
        x, w = torch.linspace(-1, 1, 64).view(2, 32).to(weight.dtype), torch.eye(32, dtype=weight.dtype)
        with torch.inference_mode():
            return torch.equal(PackedLinear(w)(x), F.linear(x, w))
    except (AttributeError, RuntimeError):
        return False


def pack(model: Whisper) -> Whisper:
    """Replace the linear layers of the decoder by packed ones, in place; the model can then only infer.

    The embedding stays beside its packed copy that is the output layer. Models that cannot be packed stay as they are.
    """
    if not can_pack(model):
        return model
    for module in list(model.decoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, PackedLinear(child.weight, child.bias))
    model.decoder.head = PackedLinear(model.decoder.embedding.weight)
    return model
