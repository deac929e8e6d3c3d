"""Further models along one path of a dual-path network: Conformer layers, DPTNet's, torch's transformer, none.

DPTNet: Chen, Mao and Liu, "Dual-path transformer network", Interspeech 2020.

`DPTNetBlock` and `PytorchTransformerBlock` take `(batch, time, features)` for
`(time, batch, features)`, as in SpeechBrain: they look across the batch, which in a
dual-path network is across the chunks, and weights are trained so.
"""

from typing import Any

from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.models.dual_path.blocks import ACTIVATIONS
from sonovox.nn.activations import Swish
from sonovox.nn.conformer import ConformerEncoder
from sonovox.nn.foreign_state import ignore_on_load
from sonovox.nn.positional_encoding import PositionalEncoding

__all__ = [
    "DPTNetBlock",
    "IdentityBlock",
    "PyTorchPositionalEncoding",
    "PytorchTransformerBlock",
    "SBConformerEncoderBlock",
]


class SBConformerEncoderBlock(nn.Module):
    """Conformer layers, of which each step sees all.

    Args:
        num_layers: layers.
        d_model: features.
        nhead: see `ConformerEncoder`, as are `d_ffn`, `kdim`, `vdim`, `dropout`, `kernel_size` and `bias`.
        d_ffn: see `nhead`.
        input_shape: takes no effect.
        kdim: see `nhead`.
        vdim: see `nhead`.
        dropout: see `nhead`.
        activation: `"swish"`, `"relu"` or `"gelu"`.
        kernel_size: see `nhead`.
        bias: see `nhead`.
        use_positional_encoding: add sines of the place of each step, with `"regularMHA"`.
        attention_type: `"RelPosMHAXL"`, with the same sines for its distances, or `"regularMHA"`.

    Raises:
        ChoiceError: another `activation` or `attention_type`.

    >>> import torch
    >>> SBConformerEncoderBlock(1, 16, 4, d_ffn=32)(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        nhead: int,
        d_ffn: int = 2048,
        input_shape: Any = None,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.1,
        activation: str = "swish",
        kernel_size: int = 31,
        bias: bool = True,
        use_positional_encoding: bool = True,
        attention_type: str = "RelPosMHAXL",
    ) -> None:
        super().__init__()
        activations = {**ACTIVATIONS, "swish": Swish}
        check_choice("activation", activation, activations)
        check_choice("attention_type", attention_type, ["RelPosMHAXL", "regularMHA"])
        self.by_distance = attention_type == "RelPosMHAXL"
        self.mdl = ConformerEncoder(
            num_layers=num_layers,
            nhead=nhead,
            d_ffn=d_ffn,
            d_model=d_model,
            kdim=kdim,
            vdim=vdim,
            dropout=dropout,
            activation=activations[activation],
            kernel_size=kernel_size,
            bias=bias,
            attention_type=attention_type,
        )
        positions = self.by_distance or use_positional_encoding
        self.pos_enc = PositionalEncoding(d_model) if positions else None

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, d_model)`."""
        distances = None
        if self.pos_enc is not None and self.by_distance:
            distances = self.pos_enc(x.new_empty(1, 2 * x.shape[1] - 1, x.shape[2]))
        elif self.pos_enc is not None:
            x = x + self.pos_enc(x)
        result: Tensor = self.mdl(x, pos_embs=distances)[0]
        return result


class DPTNetBlock(nn.Module):
    """Attention, and a recurrent layer in both directions in place of the first linear one of a transformer's.

    Args:
        d_model: features.
        nhead: heads.
        dim_feedforward: takes no effect.
        dropout: share that is zeroed in training.
        activation: `"relu"` or `"gelu"`.

    Raises:
        ChoiceError: another `activation`.

    >>> import torch
    >>> DPTNetBlock(16, 4)(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 256, dropout: float = 0, activation: str = "relu"
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout)
        self.rnn = nn.LSTM(d_model, 2 * d_model, bidirectional=True)
        self.activation = ACTIVATIONS[activation]()
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(4 * d_model, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, d_model)`; see the top of the file."""
        x = self.norm1(x + self.dropout(self.self_attn(x, x, x, need_weights=False)[0]))
        y = self.linear2(self.dropout(self.activation(self.rnn(x)[0])))
        result: Tensor = self.norm2(x + self.dropout(y))
        return result


class PyTorchPositionalEncoding(nn.Module):
    """Sines of the place in the first dimension, added; see the top of the file.

    Args:
        d_model: features.
        dropout: share that is zeroed in training.
        max_len: takes no effect.

    >>> import torch
    >>> PyTorchPositionalEncoding(4).eval()(torch.zeros(2, 1, 4)).squeeze(1)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000) -> None:
        super().__init__()
        self.positions = PositionalEncoding(d_model)
        self.dropout = nn.Dropout(dropout)
        ignore_on_load(self, "pe")

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, d_model)`."""
        result: Tensor = self.dropout(x + self.positions(x.transpose(0, 1)).transpose(0, 1))
        return result


class PytorchTransformerBlock(nn.Module):
    """Torch's transformer layers; see the top of the file.

    Args:
        out_channels: features.
        num_layers: layers.
        nhead: heads.
        d_ffn: features between the linear layers.
        dropout: share that is zeroed in training.
        activation: `"relu"` or `"gelu"`.
        use_positional_encoding: a `PyTorchPositionalEncoding` before.

    Raises:
        ChoiceError: another `activation`.

    >>> import torch
    >>> PytorchTransformerBlock(16, num_layers=1, d_ffn=32).eval()(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(
        self,
        out_channels: int,
        num_layers: int = 6,
        nhead: int = 8,
        d_ffn: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        use_positional_encoding: bool = True,
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        layer = nn.TransformerEncoderLayer(out_channels, nhead, d_ffn, dropout, activation)
        self.mdl = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
        self.pos_encoder = PyTorchPositionalEncoding(out_channels) if use_positional_encoding else None

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, out_channels)`."""
        result: Tensor = self.mdl(x if self.pos_encoder is None else self.pos_encoder(x))
        return result


class IdentityBlock(nn.Module):
    """Nothing along this path.

    >>> import torch
    >>> IdentityBlock()(torch.ones(1))
    tensor([1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """`x`."""
        return x
