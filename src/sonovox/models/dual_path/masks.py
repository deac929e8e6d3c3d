"""The network between encoder and decoder: masks of the sources, from blocks that see time in two ways in turn.

Each block first follows the steps within every chunk, and then, at each place in a
chunk, the chunks one after another: short paths through long signals.
"""

import copy

from torch import Tensor, nn

from sonovox.models.dual_path.blocks import SBRNNBlock
from sonovox.models.dual_path.chunks import cut_into_chunks, overlap_add_chunks
from sonovox.models.dual_path.norms import select_norm
from sonovox.nn.linear import Linear
from sonovox.nn.positional_encoding import PositionalEncoding

__all__ = ["Dual_Computation_Block", "Dual_Path_Model"]


class Dual_Computation_Block(nn.Module):  # noqa: N801 - the field's name
    """A model along the steps of each chunk, and another along the chunks; what goes in is added to what comes out.

    Args:
        intra_mdl: takes and gives `(batch, time, out_channels)`, for the steps of a chunk.
        inter_mdl: likewise, for the chunks.
        out_channels: channels of the input and the result.
        norm: see `select_norm`.
        skip_around_intra: add the input to the result of `intra_mdl`.
        linear_layer_after_inter_intra: a linear layer after each of the models; needed where they give other
            than `out_channels` features.

    >>> import torch
    >>> block = Dual_Computation_Block(SBRNNBlock(8, 4, 1), SBRNNBlock(8, 4, 1), 8)
    >>> block(torch.zeros(2, 8, 10, 6)).shape
    torch.Size([2, 8, 10, 6])
    """

    def __init__(
        self,
        intra_mdl: nn.Module,
        inter_mdl: nn.Module,
        out_channels: int,
        norm: str = "ln",
        skip_around_intra: bool = True,
        linear_layer_after_inter_intra: bool = True,
    ) -> None:
        super().__init__()
        self.skip_around_intra = skip_around_intra
        self.intra_mdl = intra_mdl
        self.inter_mdl = inter_mdl
        self.intra_norm = select_norm(norm, out_channels, 4)
        self.inter_norm = select_norm(norm, out_channels, 4)
        self.intra_linear = self.inter_linear = None
        if linear_layer_after_inter_intra:
            self.intra_linear = Linear(out_channels, input_size=_features_of(intra_mdl, out_channels))
            self.inter_linear = Linear(out_channels, input_size=_features_of(inter_mdl, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, channels, size, chunks)`."""
        batch, _, size, chunks = x.shape
        steps = self.intra_mdl(x.permute(0, 3, 2, 1).flatten(0, 1))  # (batch * chunks, size, features)
        steps = steps if self.intra_linear is None else self.intra_linear(steps)
        within = self.intra_norm(steps.unflatten(0, (batch, chunks)).permute(0, 3, 2, 1))
        within = within + x if self.skip_around_intra else within
        steps = self.inter_mdl(within.permute(0, 2, 3, 1).flatten(0, 1))  # (batch * size, chunks, features)
        steps = steps if self.inter_linear is None else self.inter_linear(steps)
        return self.inter_norm(steps.unflatten(0, (batch, size)).permute(0, 3, 1, 2)) + within


class Dual_Path_Model(nn.Module):  # noqa: N801 - the field's name
    """Masks for the sources in what an `Encoder` gives.

    Args:
        in_channels: coefficients of the encoder.
        out_channels: channels within.
        intra_model: copied for each block; see `Dual_Computation_Block`.
        inter_model: likewise.
        num_layers: blocks.
        norm: see `select_norm`.
        K: steps of a chunk, even.
        num_spks: sources.
        skip_around_intra: see `Dual_Computation_Block`.
        linear_layer_after_inter_intra: see `Dual_Computation_Block`.
        use_global_pos_enc: add sines of the place in the recording before it is cut.
        max_length: largest number of frames that these sines are for.

    Raises:
        ArgumentError: `K` is odd.

    >>> import torch
    >>> model = Dual_Path_Model(16, 8, SBRNNBlock(8, 4, 1), SBRNNBlock(8, 4, 1), K=20)
    >>> model(torch.zeros(2, 16, 99)).shape
    torch.Size([2, 2, 16, 99])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        intra_model: nn.Module,
        inter_model: nn.Module,
        num_layers: int = 1,
        norm: str = "ln",
        K: int = 200,  # noqa: N803 - the paper's letter
        num_spks: int = 2,
        skip_around_intra: bool = True,
        linear_layer_after_inter_intra: bool = True,
        use_global_pos_enc: bool = False,
        max_length: int = 20000,
    ) -> None:
        super().__init__()
        self.K = K
        self.num_spks = num_spks
        self.norm = select_norm(norm, in_channels, 3)
        self.conv1d = nn.Conv1d(in_channels, out_channels, 1, bias=False)
        self.pos_enc = PositionalEncoding(out_channels, max_length) if use_global_pos_enc else None
        self.dual_mdl = nn.ModuleList(
            Dual_Computation_Block(
                copy.deepcopy(intra_model),
                copy.deepcopy(inter_model),
                out_channels,
                norm,
                skip_around_intra=skip_around_intra,
                linear_layer_after_inter_intra=linear_layer_after_inter_intra,
            )
            for _ in range(num_layers)
        )
        self.conv2d = nn.Conv2d(out_channels, out_channels * num_spks, kernel_size=1)
        self.end_conv1x1 = nn.Conv1d(out_channels, in_channels, 1, bias=False)
        self.prelu = nn.PReLU()
        self.activation = nn.ReLU()
        self.output = nn.Sequential(nn.Conv1d(out_channels, out_channels, 1), nn.Tanh())
        self.output_gate = nn.Sequential(nn.Conv1d(out_channels, out_channels, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """`(num_spks, batch, in_channels, frames)`, not negative, of `x`, `(batch, in_channels, frames)`."""
        batch, _, frames = x.shape
        x = self.conv1d(self.norm(x))  # (batch, channels, frames)
        if self.pos_enc is not None:
            places = self.pos_enc(x.transpose(1, 2)).transpose(1, 2)
            x = places + x * x.shape[1] ** 0.5
        x = cut_into_chunks(x, self.K)  # (batch, channels, K, chunks)
        for block in self.dual_mdl:
            x = block(x)
        x = self.conv2d(self.prelu(x)).unflatten(1, (self.num_spks, -1)).flatten(0, 1)
        x = overlap_add_chunks(x, frames)  # (batch * num_spks, channels, frames)
        x = self.end_conv1x1(self.output(x) * self.output_gate(x))
        return self.activation(x).unflatten(0, (batch, self.num_spks)).transpose(0, 1)


def _features_of(model: nn.Module, otherwise: int) -> int:
    """What comes out of a recurrent block; other models keep the channels."""
    return model.output_size if isinstance(model, SBRNNBlock) else otherwise
