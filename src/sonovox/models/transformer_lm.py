"""Transformer language model: the next token, from those before it.

Vaswani et al., NeurIPS 2017; as a language model, Irie et al., "Language modeling with
deep transformers", Interspeech 2019.
"""

from collections.abc import Callable

from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention_masks import get_key_padding_mask, get_lookahead_mask
from sonovox.nn.containers import ModuleList
from sonovox.nn.embedding import NormalizedEmbedding
from sonovox.nn.foreign_state import ignore_on_load
from sonovox.nn.linear import Linear
from sonovox.nn.normalization import LayerNorm
from sonovox.nn.positional_encoding import PositionalEncoding, RelPosEncXL
from sonovox.nn.transformer import TransformerEncoder
from sonovox.nn.transformer_decoder import TransformerDecoder

__all__ = ["TransformerLM"]


class TransformerLM(nn.Module):
    """Embedding, transformer layers that see the tokens before, and a score for each token.

    Args:
        vocab: tokens that there are; token 0 is padding, which no other sees.
        d_model: features of a state.
        nhead: heads of attention.
        num_encoder_layers: at least 1.
        num_decoder_layers: layers that take the tokens once more and attend to the encoder's states; they need
            `decoder_use_memory`. They see no states of later tokens. (In SpeechBrain they do, and so each token
            hears of those that it should foretell.)
        d_ffn: hidden features of the linear layers.
        dropout: share that is zeroed in training.
        activation: builds the activations.
        positional_encoding: `"fixed_abs_sine"`, or None; `"RelPosMHAXL"` never adds it.
        normalize_before: normalise what goes into each part, not what comes out.
        d_embedding: features of a token; `d_model` if None.
        max_length: takes no effect; there is no longest input.
        causal: takes no effect, as in SpeechBrain: no token sees what comes after it.
        attention_type: of the encoder, see `TransformerASR`.
        decoder_use_memory: see `num_decoder_layers`.

    Raises:
        ChoiceError: an unknown attention or encoding of places.
        ArgumentError: no encoder layers, or a decoder without `decoder_use_memory`.

    >>> import torch
    >>> model = TransformerLM(100, d_model=16, nhead=4, num_encoder_layers=2, d_ffn=32)
    >>> model(torch.tensor([[3, 1, 4], [1, 5, 0]])).shape
    torch.Size([2, 3, 100])
    """

    def __init__(
        self,
        vocab: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 12,
        num_decoder_layers: int = 0,
        d_ffn: int = 2048,
        dropout: float = 0.1,
        activation: Callable[[], nn.Module] = nn.ReLU,
        positional_encoding: str | None = "fixed_abs_sine",
        normalize_before: bool = False,
        d_embedding: int | None = None,
        max_length: int = 2500,
        causal: bool = True,
        attention_type: str = "regularMHA",
        decoder_use_memory: bool = False,
    ) -> None:
        super().__init__()
        if positional_encoding is not None:
            check_choice("positional_encoding", positional_encoding, ["fixed_abs_sine"])
        if num_encoder_layers < 1:
            raise ArgumentError(f"num_encoder_layers must be at least 1, got {num_encoder_layers}", hint="12 is usual")
        if num_decoder_layers > 0 and not decoder_use_memory:
            raise ArgumentError(
                "num_decoder_layers need decoder_use_memory=True, since decoder layers attend to the encoder's states",
                hint="set it, or use encoder layers only",
            )
        self.decoder_use_memory = decoder_use_memory
        ignore_on_load(self, "positional_encoding_decoder.pe")  # SpeechBrain's, beside other attention; not used
        self.positional_encoding: PositionalEncoding | RelPosEncXL | None = None
        if attention_type == "RelPosMHAXL":
            self.positional_encoding = RelPosEncXL(d_model)
        elif positional_encoding is not None:
            self.positional_encoding = PositionalEncoding(d_model, max_length)
        self.encoder = TransformerEncoder(
            num_encoder_layers,
            nhead,
            d_ffn,
            d_model=d_model,
            dropout=dropout,
            activation=activation,
            normalize_before=normalize_before,
            causal=True,
            attention_type=attention_type,
        )
        self.decoder: TransformerDecoder | None = None
        if num_decoder_layers > 0:
            self.decoder = TransformerDecoder(
                num_decoder_layers,
                nhead,
                d_ffn,
                d_model,
                dropout=dropout,
                activation=activation,
                normalize_before=normalize_before,
                causal=True,
            )
        size = d_model if d_embedding is None else d_embedding
        self.custom_src_module = NormalizedEmbedding(size, vocab)
        self.embedding_proj = Linear(d_model, input_size=size) if size != d_model else None
        self.output_proj = ModuleList(
            Linear(d_model, input_size=d_model), LayerNorm(d_model, eps=1e-6), Linear(vocab, input_size=d_model)
        )
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_normal_(parameter)

    def forward(self, src: Tensor) -> Tensor:
        """Scores of the next token after each, `(batch, time, vocab)`, of tokens `(batch, time)`."""
        mask, padding = self.make_masks(src)
        x = self.custom_src_module(src)
        if self.embedding_proj is not None:
            x = self.embedding_proj(x)
        distances = None
        if isinstance(self.positional_encoding, RelPosEncXL):
            distances = self.positional_encoding(x)
        elif self.positional_encoding is not None:
            x = x + self.positional_encoding(x)
        states, _ = self.encoder(x, mask, padding, distances)
        if self.decoder is not None:
            states, _ = self.decoder(x, states, mask, mask, padding, padding)
        return self.output_proj(states)

    def make_masks(
        self, src: Tensor, pad_idx: int = 0, look_ahead_mask: bool = True, padding_mask: bool = True
    ) -> tuple[Tensor | None, Tensor | None]:
        """What attention may not see, True where hidden: tokens `(time, time)`, and padding `(batch, time)`.

        Args:
            src: tokens, `(batch, time)`.
            pad_idx: the token that they are padded with.
            look_ahead_mask: hide what comes after; None otherwise.
            padding_mask: hide padding; None otherwise.
        """
        return (
            get_lookahead_mask(src) if look_ahead_mask else None,
            get_key_padding_mask(src, pad_idx) if padding_mask else None,
        )
