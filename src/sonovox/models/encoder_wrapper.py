"""The encoder of a recogniser as a layer of its own."""

from typing import Any

from torch import Tensor, nn

from sonovox.models.transformer_asr import TransformerASR, TransformerASRStreamingContext

__all__ = ["EncoderWrapper"]


class EncoderWrapper(nn.Module):
    """The encoder of a `TransformerASR` as a layer of its own, as a `LengthsCapableSequential` takes it.

    Args:
        transformer: the model.
        args: take no effect, as `kwargs`.
        kwargs: see `args`.

    >>> import torch
    >>> model = TransformerASR(9, 8, d_model=16, nhead=4, num_encoder_layers=1, num_decoder_layers=0, d_ffn=32)
    >>> EncoderWrapper(model)(torch.zeros(2, 50, 8), wav_lens=torch.ones(2)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, transformer: TransformerASR, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, x: Tensor, wav_lens: Tensor | None = None, pad_idx: int = 0, **kwargs: Any) -> Any:
        """`TransformerASR.encode`, which see."""
        return self.transformer.encode(x, wav_lens, pad_idx, **kwargs)

    def forward_streaming(self, x: Tensor, context: TransformerASRStreamingContext) -> Any:
        """`TransformerASR.encode_streaming`, which see."""
        return self.transformer.encode_streaming(x, context)

    def make_streaming_context(self, *args: Any, **kwargs: Any) -> TransformerASRStreamingContext:
        """`TransformerASR.make_streaming_context`, which see."""
        return self.transformer.make_streaming_context(*args, **kwargs)
