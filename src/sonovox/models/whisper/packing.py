"""Linear layers packed for the CPU: each weight is stored in the order in which oneDNN, which torch brings, reads it.

It matters most to the decoder, which reads all its weights for each token: a
product of one row with a matrix is bound by the way through memory.
`benchmarks/bench_whisper.py` shows what packing gives.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.models.whisper.attention import SelfAttention
from sonovox.models.whisper.model import Whisper

__all__ = ["PackedLinear", "can_pack", "pack"]

# Rows for which the order is chosen. One that suits a small beam suits a single row as well;
# the order for one row is a third slower with five.
FEW_ROWS = 8
MANY_ROWS = 1500  # the positions of an encoded window


class PackedLinear(nn.Module):
    """A linear layer with a packed copy of its weight, for inference on the CPU.

    It has no parameters: it cannot be trained, moved or saved.

    Args:
        weight: `(out_features, in_features)`, float32 or bfloat16.
        bias: `(out_features,)`.
        rows: how many rows it mostly gets; others work, more slowly.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None, *, rows: int = FEW_ROWS) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), rows)
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
    """Replace the linear layers by packed ones, in place; the model can then only infer.

    The embedding stays beside its packed copy that is the output layer. Models that cannot be packed stay as they are.
    """
    if not can_pack(model):
        return model
    _pack_inside(model.encoder, MANY_ROWS)
    _pack_inside(model.decoder, FEW_ROWS)
    model.decoder.head = PackedLinear(model.decoder.embedding.weight)
    for module in model.encoder.modules():
        if isinstance(module, SelfAttention):
            module.by_head = model.decoder.positions.dtype == torch.bfloat16
    return model


def _pack_inside(parent: nn.Module, rows: int) -> None:
    for module in list(parent.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                # Keys and values of the audio are the one product of the decoder with many rows.
                wanted = MANY_ROWS if name == "kv" else rows
                setattr(module, name, PackedLinear(child.weight, child.bias, rows=wanted))
