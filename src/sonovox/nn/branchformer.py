"""Branchformer encoder: attention and a gated convolution side by side in each layer.

Peng et al., "Branchformer: parallel MLP-attention architectures to capture local and
global context for speech recognition and understanding", ICML 2022. The gate: Sakuma
et al., "MLP-based architecture with variable length input for automatic speech
recognition", 2021.
"""

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.convolution import Conv1d
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.transformer import Activation, build_self_attention, layers_that_stay

__all__ = ["BranchformerEncoder", "BranchformerEncoderLayer", "ConvolutionBranch", "ConvolutionalSpatialGatingUnit"]


class ConvolutionalSpatialGatingUnit(nn.Module):
    """One half of the features, times a convolution over time of the other half.

    Args:
        input_size: features, an even number; the result has half of them.
        kernel_size: frames that the convolution sees, an odd number.
        dropout: share of the result that is zeroed in training.
        use_linear_after_conv: a linear layer follows the convolution.
        activation: builds the activation of the gate.

    Raises:
        ArgumentError: an odd `input_size`.

    >>> ConvolutionalSpatialGatingUnit(16, 7)(torch.zeros(2, 40, 16)).shape
    torch.Size([2, 40, 8])
    """

    def __init__(
        self,
        input_size: int,
        kernel_size: int = 31,
        dropout: float = 0.0,
        use_linear_after_conv: bool = False,
        activation: Activation = nn.Identity,
    ) -> None:
        super().__init__()
        if input_size % 2:
            raise ArgumentError(f"input_size must be even, got {input_size}", hint="half of the features gate the rest")
        half = input_size // 2
        self.activation = activation()
        self.norm = LayerNorm(half)
        self.conv = Conv1d(half, kernel_size, in_channels=half, groups=half, conv_init="normal")
        nn.init.ones_(self.conv.conv.get_parameter("bias"))
        self.linear = nn.Linear(half, half) if use_linear_after_conv else None
        if self.linear is not None:
            nn.init.normal_(self.linear.weight, std=1e-6)
            nn.init.ones_(self.linear.bias)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`(batch, time, input_size / 2)` of `x`, `(batch, time, input_size)`; for `counts` see `Conv1d`."""
        kept, gate = x.chunk(2, dim=-1)
        gate = self.conv(self.norm(gate), counts)
        if self.linear is not None:
            gate = self.linear(gate)
        return self.dropout(kept * self.activation(gate))


class ConvolutionBranch(nn.Module):
    """A linear layer, the gated convolution, and a linear layer back.

    Args:
        input_size: features.
        linear_units: features between the linear layers, before the gate halves them.
        kernel_size: see `ConvolutionalSpatialGatingUnit`.
        activation: builds the activation of the first linear layer.
        gate_activation: builds the activation of the gate.
        dropout: share that is zeroed in training.
        use_linear_after_conv: see `ConvolutionalSpatialGatingUnit`.

    Raises:
        ArgumentError: an odd number of `linear_units`.
    """

    def __init__(
        self,
        input_size: int,
        linear_units: int = 3072,
        kernel_size: int = 31,
        activation: Activation = nn.GELU,
        gate_activation: Activation = nn.Identity,
        dropout: float = 0.0,
        use_linear_after_conv: bool = False,
    ) -> None:
        super().__init__()
        self.pre_channel_proj = nn.Linear(input_size, linear_units)
        self.post_channel_proj = nn.Linear(linear_units // 2, input_size)
        self.activation = activation()
        self.csgu = ConvolutionalSpatialGatingUnit(
            linear_units, kernel_size, dropout, use_linear_after_conv, gate_activation
        )

    def forward(self, x: Tensor, counts: Tensor | None = None) -> Tensor:
        """`(batch, time, input_size)` of `x`, of the same shape; for `counts` see `Conv1d`."""
        return self.post_channel_proj(self.csgu(self.activation(self.pre_channel_proj(x)), counts))


class BranchformerEncoderLayer(nn.Module):
    """Self-attention and a gated convolution of the same input; a linear layer joins them.

    Args:
        d_model: features.
        nhead: heads.
        kernel_size: frames that the convolution sees, an odd number.
        kdim: see `MultiheadAttention`, as is `vdim`.
        vdim: see `kdim`.
        activation: see `ConvolutionBranch`, as are all that are not named here.
        dropout: share that is zeroed in training.
        attention_type: see `TransformerEncoderLayer`.
        csgu_linear_units: features of the convolution, before the gate halves them.
        gate_activation: see `activation`.
        use_linear_after_conv: see `activation`.
        ignore_padding: the convolution sees nothing behind the end of an item; see `BranchformerEncoder`.

    Raises:
        ChoiceError: an unknown `attention_type`.
        ArgumentError: heads that do not divide the features, an odd number of `csgu_linear_units`.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        kernel_size: int = 31,
        kdim: int | None = None,
        vdim: int | None = None,
        activation: Activation = nn.GELU,
        dropout: float = 0.0,
        attention_type: str = "RelPosMHAXL",
        csgu_linear_units: int = 3072,
        gate_activation: Activation = nn.Identity,
        use_linear_after_conv: bool = False,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        self.ignore_padding = ignore_padding
        self.mha_layer = build_self_attention(attention_type, nhead, d_model, 4 * d_model, dropout, kdim, vdim)
        self.convolution_branch = ConvolutionBranch(
            d_model, csgu_linear_units, kernel_size, activation, gate_activation, dropout, use_linear_after_conv
        )
        self.merge_proj = nn.Linear(2 * d_model, d_model)
        self.norm_mhsa = LayerNorm(d_model)
        self.norm_conv = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
    ) -> Tensor:
        """`(batch, time, d_model)` of `x`, of the same shape; see `TransformerEncoderLayer`."""
        normalised = self.norm_mhsa(x)
        attended, _ = self.mha_layer(
            normalised,
            normalised,
            normalised,
            attn_mask=src_mask,
            key_padding_mask=src_key_padding_mask,
            pos_embs=pos_embs,
            return_attn_weights=False,
        )
        counts = None
        if self.ignore_padding and src_key_padding_mask is not None:
            counts = (~src_key_padding_mask).sum(dim=1).clamp(min=1)
        convolved = self.convolution_branch(self.norm_conv(x), counts)
        joined = torch.cat((self.dropout(attended), self.dropout(convolved)), dim=-1)
        return x + self.dropout(self.merge_proj(joined))


class BranchformerEncoder(nn.Module):
    """Layers of `BranchformerEncoderLayer`, and a normalisation at the end.

    Args:
        num_layers: their number.
        d_model: see `BranchformerEncoderLayer`, as are all that are not named here.
        nhead: see `d_model`.
        kernel_size: see `d_model`; an item has more than half as many frames.
        kdim: see `d_model`.
        vdim: see `d_model`.
        activation: see `d_model`.
        dropout: see `d_model`.
        attention_type: see `d_model`.
        csgu_linear_units: see `d_model`.
        gate_activation: see `d_model`.
        use_linear_after_conv: see `d_model`.
        output_hidden_states: give the results of all layers, too.
        layerdrop_prob: share of the layers that are left out in training.
        ignore_padding: an item goes on behind its own end as it does alone: its result in a batch is that of the item
            alone. False as in SpeechBrain, where only attention heeds the lengths, and the last frames of an item
            see what it is padded with.

    Raises:
        ArgumentError: see `BranchformerEncoderLayer`.

    >>> encoder = BranchformerEncoder(2, d_model=16, nhead=4, attention_type="regularMHA", csgu_linear_units=24)
    >>> encoder(torch.zeros(2, 40, 16))[0].shape
    torch.Size([2, 40, 16])
    """

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        nhead: int,
        kernel_size: int = 31,
        kdim: int | None = None,
        vdim: int | None = None,
        activation: Activation = nn.GELU,
        dropout: float = 0.0,
        attention_type: str = "RelPosMHAXL",
        csgu_linear_units: int = 3072,
        gate_activation: Activation = nn.Identity,
        use_linear_after_conv: bool = False,
        output_hidden_states: bool = False,
        layerdrop_prob: float = 0.0,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        self.layerdrop_prob = layerdrop_prob
        self.output_hidden_states = output_hidden_states
        self.layers = nn.ModuleList(
            BranchformerEncoderLayer(
                d_model,
                nhead,
                kernel_size,
                kdim,
                vdim,
                activation,
                dropout,
                attention_type,
                csgu_linear_units,
                gate_activation,
                use_linear_after_conv,
                ignore_padding=ignore_padding,
            )
            for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model, eps=1e-6)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        pos_embs: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """The result, and with `output_hidden_states` the input and what comes out of each layer; see the layer."""
        hidden_states = [src] if self.output_hidden_states else []
        for layer in layers_that_stay(self.layers, self.layerdrop_prob if self.training else 0.0):
            src = layer(src, src_mask, src_key_padding_mask, pos_embs)
            if self.output_hidden_states:
                hidden_states.append(src)
        return self.norm(src), hidden_states
