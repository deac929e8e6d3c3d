"""`EncoderWrapper`: a transformer over masked frames, as SpeechBrain's recipes of wav2vec 2.0 build it.

Baevski et al., "wav2vec 2.0", NeurIPS 2020, section 3.1; positions are sines here.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sonovox.dsp.lengths import length_to_mask, lengths_to_counts
from sonovox.nn.positional_encoding import PositionalEncoding

__all__ = ["EncoderWrapper"]


class EncoderWrapper(nn.Module):
    """Projects frames, masks some, adds positions, and hands them to an encoder.

    Args:
        in_dim: features of the frames.
        embedding_dim: features of the encoder.
        latent_encoder: such as a `TransformerEncoder`; called with `src_key_padding_mask`.
        positional_encoding: builds what adds positions, of `embedding_dim`.
        dropout_encoder_input: after the projection.

    >>> from sonovox.nn import TransformerEncoder
    >>> wrapper = EncoderWrapper(8, 16, TransformerEncoder(1, nhead=2, d_ffn=32, d_model=16))
    >>> wrapper(torch.zeros(2, 12, 8), torch.tensor([1.0, 0.5]))["embeddings"].shape
    torch.Size([2, 12, 16])
    """

    def __init__(
        self,
        in_dim: int,
        embedding_dim: int,
        latent_encoder: nn.Module,
        positional_encoding: Callable[[int], nn.Module] = PositionalEncoding,
        dropout_encoder_input: float = 0.05,
    ) -> None:
        super().__init__()
        self.input_projector = nn.Linear(in_dim, embedding_dim)
        self.latent_encoder = latent_encoder
        self.positional_encoding = positional_encoding(embedding_dim)
        self.dropout_encoder_input = nn.Dropout(dropout_encoder_input)
        self.mask_emb = nn.Parameter(torch.rand(embedding_dim))

    def forward(
        self,
        latents: Tensor,
        wav_lens: Tensor | None = None,
        padding_mask: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> dict[str, Any]:
        """`embeddings` `(batch, time, embedding_dim)`; with `mask` also `num_masked` and `ratio_masked`.

        Args:
            latents: `(batch, time, in_dim)`.
            wav_lens: `(batch,)`, shares of the longest item.
            padding_mask: `(batch, time)`, True at padding, in place of `wav_lens`.
            mask: `(batch, time)`, True where a frame becomes `mask_emb`.
        """
        results: dict[str, Any] = {}
        x = self.dropout_encoder_input(self.input_projector(latents))
        if mask is not None:
            x = torch.where(mask.unsqueeze(-1), self.mask_emb.to(x.dtype), x)
            results["num_masked"] = mask.sum()
            results["ratio_masked"] = results["num_masked"] / mask.numel()
        if wav_lens is not None:
            counts = lengths_to_counts(wav_lens.to(x.device), x.shape[1])
            padding_mask = ~length_to_mask(counts, x.shape[1], torch.bool)
        results["embeddings"], _ = self.latent_encoder(
            x + self.positional_encoding(x), src_key_padding_mask=padding_mask
        )
        return results
