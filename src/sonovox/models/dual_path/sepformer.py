"""SepFormer: encoder, masks by transformers on two paths, decoder.

Subakan, Ravanelli, Cornell, Bronzi and Zhong, "Attention is all you need in speech
separation", ICASSP 2021.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.models.dual_path.basis import Decoder, Encoder
from sonovox.models.dual_path.blocks import SBTransformerBlock
from sonovox.models.dual_path.masks import Dual_Path_Model

__all__ = ["SepformerWrapper"]


class SepformerWrapper(nn.Module):
    """The sources of a mixture; with the sizes of the paper unless given.

    Args:
        encoder_kernel_size: samples of a window, of which the next begins in its middle.
        encoder_in_nchannels: channels of the mixture.
        encoder_out_nchannels: coefficients of a window, and channels within.
        masknet_chunksize: windows of a chunk, even.
        masknet_numlayers: blocks of both paths.
        masknet_norm: see `select_norm`.
        masknet_useextralinearlayer: see `Dual_Computation_Block`, as is `masknet_extraskipconnection`.
        masknet_extraskipconnection: see `masknet_useextralinearlayer`.
        masknet_numspks: sources.
        intra_numlayers: transformer layers along the steps of a chunk, in each block.
        inter_numlayers: transformer layers along the chunks.
        intra_nhead: heads of attention.
        inter_nhead: likewise.
        intra_dffn: features between the two linear layers behind attention.
        inter_dffn: likewise.
        intra_use_positional: tell steps their place in the chunk.
        inter_use_positional: tell chunks their place.
        intra_norm_before: normalise before attention and linear layers, not after them.
        inter_norm_before: likewise.

    >>> import torch
    >>> sizes = {"encoder_out_nchannels": 16, "masknet_chunksize": 20, "intra_dffn": 32, "inter_dffn": 32}
    >>> SepformerWrapper(**sizes, intra_numlayers=1, inter_numlayers=1)(torch.zeros(2, 1600)).shape
    torch.Size([2, 1600, 2])
    """

    def __init__(
        self,
        encoder_kernel_size: int = 16,
        encoder_in_nchannels: int = 1,
        encoder_out_nchannels: int = 256,
        masknet_chunksize: int = 250,
        masknet_numlayers: int = 2,
        masknet_norm: str = "ln",
        masknet_useextralinearlayer: bool = False,
        masknet_extraskipconnection: bool = True,
        masknet_numspks: int = 2,
        intra_numlayers: int = 8,
        inter_numlayers: int = 8,
        intra_nhead: int = 8,
        inter_nhead: int = 8,
        intra_dffn: int = 1024,
        inter_dffn: int = 1024,
        intra_use_positional: bool = True,
        inter_use_positional: bool = True,
        intra_norm_before: bool = True,
        inter_norm_before: bool = True,
    ) -> None:
        super().__init__()
        channels = encoder_out_nchannels
        self.encoder = Encoder(encoder_kernel_size, channels, encoder_in_nchannels)
        self.masknet = Dual_Path_Model(
            channels,
            channels,
            SBTransformerBlock(
                intra_numlayers,
                channels,
                intra_nhead,
                intra_dffn,
                use_positional_encoding=intra_use_positional,
                norm_before=intra_norm_before,
            ),
            SBTransformerBlock(
                inter_numlayers,
                channels,
                inter_nhead,
                inter_dffn,
                use_positional_encoding=inter_use_positional,
                norm_before=inter_norm_before,
            ),
            num_layers=masknet_numlayers,
            norm=masknet_norm,
            K=masknet_chunksize,
            num_spks=masknet_numspks,
            skip_around_intra=masknet_extraskipconnection,
            linear_layer_after_inter_intra=masknet_useextralinearlayer,
        )
        stride = encoder_kernel_size // 2
        self.decoder = Decoder(channels, encoder_in_nchannels, encoder_kernel_size, stride=stride, bias=False)
        self.reset_layer_recursively(self)

    def reset_layer_recursively(self, layer: nn.Module) -> None:
        """Draw the weights of all layers within `layer` anew, so that copied blocks differ."""
        for child in layer.children():
            for name in ("reset_parameters", "_reset_parameters"):  # the second is MultiheadAttention's
                if callable(reset := getattr(child, name, None)):
                    reset()
            self.reset_layer_recursively(child)

    def forward(self, mix: Tensor) -> Tensor:
        """`(batch, time, masknet_numspks)`, the waveforms of the sources; `(batch, channels, time, masknet_numspks)`.

        Args:
            mix: `(batch, time)`; `(batch, channels, time)` of several channels.
        """
        time = mix.shape[-1]
        coefficients = self.encoder(mix)  # (batch, channels, frames)
        masks = self.masknet(coefficients)  # (sources, batch, channels, frames)
        sources = self.decoder((masks * coefficients).flatten(0, 1))  # (sources * batch, time of whole windows)
        # What fills no whole window at the end is silent.
        sources = F.pad(sources, (0, time - sources.shape[-1]))
        return sources.unflatten(0, masks.shape[:2]).movedim(0, -1)
