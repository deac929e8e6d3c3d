"""Dual-path networks that separate sources: masks on a learned basis, computed within and between chunks of time.

Luo, Chen and Yoshioka, "Dual-path RNN", ICASSP 2020; with transformers in place of
recurrent layers SepFormer: Subakan et al., "Attention is all you need in speech
separation", ICASSP 2021. The weights of SpeechBrain load as they are.
"""

from typing import TYPE_CHECKING

from sonovox._internal.lazy import lazy_names

__all__ = [
    "CumulativeLayerNorm",
    "DPTNetBlock",
    "Decoder",
    "Dual_Computation_Block",
    "Dual_Path_Model",
    "Encoder",
    "GlobalLayerNorm",
    "IdentityBlock",
    "PyTorchPositionalEncoding",
    "PytorchTransformerBlock",
    "SBConformerEncoderBlock",
    "SBRNNBlock",
    "SBTransformerBlock",
    "SepformerWrapper",
    "cut_into_chunks",
    "overlap_add_chunks",
    "select_norm",
]

if TYPE_CHECKING:
    from sonovox.models.dual_path.basis import Decoder, Encoder
    from sonovox.models.dual_path.blocks import SBRNNBlock, SBTransformerBlock
    from sonovox.models.dual_path.chunks import cut_into_chunks, overlap_add_chunks
    from sonovox.models.dual_path.masks import Dual_Computation_Block, Dual_Path_Model
    from sonovox.models.dual_path.norms import CumulativeLayerNorm, GlobalLayerNorm, select_norm
    from sonovox.models.dual_path.other_blocks import (
        DPTNetBlock,
        IdentityBlock,
        PyTorchPositionalEncoding,
        PytorchTransformerBlock,
        SBConformerEncoderBlock,
    )
    from sonovox.models.dual_path.sepformer import SepformerWrapper

# file -> the public names in it
_FILES = {
    "basis": ("Decoder", "Encoder"),
    "blocks": ("SBRNNBlock", "SBTransformerBlock"),
    "chunks": ("cut_into_chunks", "overlap_add_chunks"),
    "masks": ("Dual_Computation_Block", "Dual_Path_Model"),
    "norms": ("CumulativeLayerNorm", "GlobalLayerNorm", "select_norm"),
    "other_blocks": (
        "DPTNetBlock",
        "IdentityBlock",
        "PyTorchPositionalEncoding",
        "PytorchTransformerBlock",
        "SBConformerEncoderBlock",
    ),
    "sepformer": ("SepformerWrapper",),
}

__getattr__ = lazy_names(
    __name__, {name: f"sonovox.models.dual_path.{file}" for file, names in _FILES.items() for name in names}
)


def __dir__() -> list[str]:
    return sorted(__all__)
