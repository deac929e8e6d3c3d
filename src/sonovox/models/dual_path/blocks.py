"""Models along one path of a dual-path network: `(batch, time, features)` in and out."""

from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.nn.positional_encoding import PositionalEncoding
from sonovox.nn.recurrent import GRU, LSTM, RNN
from sonovox.nn.transformer import TransformerEncoder

__all__ = ["SBRNNBlock", "SBTransformerBlock"]

ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}
RECURRENT = {"GRU": GRU, "LSTM": LSTM, "RNN": RNN}


class SBTransformerBlock(nn.Module):
    """Transformer layers.

    Args:
        num_layers: layers.
        d_model: features; None where `input_shape` is given.
        nhead: see `TransformerEncoder`, as are `d_ffn`, `input_shape`, `kdim`, `vdim`, `dropout` and `attention_type`.
        d_ffn: see `nhead`.
        input_shape: see `nhead`.
        kdim: see `nhead`.
        vdim: see `nhead`.
        dropout: see `nhead`.
        activation: `"relu"` or `"gelu"`.
        use_positional_encoding: add sines of the place of each step.
        norm_before: normalise what goes into attention and linear layers, not what comes out.
        attention_type: see `nhead`; `"RelPosMHAXL"` needs positions that this block does not make.
        causal: no step sees what comes after it.

    Raises:
        ChoiceError: another `activation` or `attention_type`.
        ArgumentError: heads that do not divide the features.

    >>> import torch
    >>> SBTransformerBlock(1, 64, 8, d_ffn=32)(torch.zeros(2, 50, 64)).shape
    torch.Size([2, 50, 64])
    """

    def __init__(
        self,
        num_layers: int,
        d_model: int | None,
        nhead: int,
        d_ffn: int = 2048,
        input_shape: list[int | None] | None = None,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.1,
        activation: str = "relu",
        use_positional_encoding: bool = False,
        norm_before: bool = False,
        attention_type: str = "regularMHA",
        causal: bool = False,
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        check_choice("attention_type", attention_type, ["regularMHA", "RoPEMHA", "hypermixing"])
        self.mdl = TransformerEncoder(
            num_layers,
            nhead,
            d_ffn,
            input_shape=input_shape,
            d_model=d_model,
            kdim=kdim,
            vdim=vdim,
            dropout=dropout,
            activation=ACTIVATIONS[activation],
            normalize_before=norm_before,
            causal=causal,
            attention_type=attention_type,
        )
        size = self.mdl.norm.norm.normalized_shape[0]
        self.pos_enc = PositionalEncoding(size) if use_positional_encoding else None

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, d_model)`."""
        if self.pos_enc is not None:
            x = x + self.pos_enc(x)
        y: Tensor = self.mdl(x)[0]
        return y


class SBRNNBlock(nn.Module):
    """Recurrent layers.

    Args:
        input_size: features.
        hidden_channels: features of a state, in each direction.
        num_layers: layers.
        rnn_type: `"LSTM"`, `"GRU"` or `"RNN"`.
        dropout: share that is zeroed between layers in training.
        bidirectional: both directions.

    Attributes:
        output_size: features of the result.

    Raises:
        ChoiceError: another `rnn_type`.

    >>> import torch
    >>> SBRNNBlock(64, 32, num_layers=1)(torch.zeros(2, 50, 64)).shape
    torch.Size([2, 50, 64])
    """

    def __init__(
        self,
        input_size: int,
        hidden_channels: int,
        num_layers: int,
        rnn_type: str = "LSTM",
        dropout: float = 0,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        check_choice("rnn_type", rnn_type, RECURRENT)
        self.output_size = hidden_channels * (2 if bidirectional else 1)
        self.mdl: nn.Module = RECURRENT[rnn_type](
            hidden_channels,
            input_size=input_size,
            num_layers=num_layers,
            dropout=dropout,
            bidirectional=bidirectional,
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, output_size)` of `x`, `(batch, time, input_size)`."""
        y: Tensor = self.mdl(x)[0]
        return y
