"""Speech recognition with a transformer, Conformer or Branchformer encoder and a transformer decoder.

Vaswani et al., NeurIPS 2017; Gulati et al., Interspeech 2020; Peng et al., ICML 2022.
Streaming: see `sonovox.nn.conformer`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask
from sonovox.nn.activations import Swish
from sonovox.nn.attention_masks import (
    DynChunkTrainConfig,
    get_chunk_mask,
    get_key_padding_mask,
    get_length_mask,
    get_lookahead_mask,
)
from sonovox.nn.branchformer import BranchformerEncoder
from sonovox.nn.conformer import ConformerEncoder, ConformerEncoderStreamingContext
from sonovox.nn.containers import ModuleList
from sonovox.nn.embedding import NormalizedEmbedding
from sonovox.nn.linear import Linear
from sonovox.nn.positional_encoding import PositionalEncoding, RelPosEncXL
from sonovox.nn.transformer import TransformerEncoder
from sonovox.nn.transformer_decoder import TransformerDecoder

__all__ = ["TransformerASR", "TransformerASRStreamingContext"]

Activation = Callable[[], nn.Module]


@dataclass
class TransformerASRStreamingContext:
    """What `encode_streaming` remembers of the chunks before.

    Args:
        dynchunktrain_config: the chunks that it is given.
        encoder_context: what the encoder remembers.
        frames: so many came before.
    """

    dynchunktrain_config: DynChunkTrainConfig
    encoder_context: ConformerEncoderStreamingContext
    frames: int = 0


class TransformerASR(nn.Module):
    """An encoder of features, and a decoder of tokens that listens to it.

    Args:
        tgt_vocab: tokens that there are.
        input_size: features of a frame.
        d_model: features of a state.
        nhead: heads of attention.
        num_encoder_layers: at least 1.
        num_decoder_layers: 0 for an encoder alone.
        d_ffn: hidden features of the linear layers.
        dropout: share that is zeroed in training.
        activation: builds the activations of the transformer encoder and of the decoder.
        positional_encoding: `"fixed_abs_sine"`, or None. The encoder adds it for `"regularMHA"` only;
            other attention knows places itself.
        normalize_before: normalise what goes into each part, not what comes out; True for a Conformer.
        kernel_size: frames that a convolution sees, an odd number.
        bias: whether the Conformer's convolutions have biases.
        encoder_module: `"transformer"`, `"conformer"` or `"branchformer"`.
        conformer_activation: builds the activations of the Conformer.
        branchformer_activation: builds the activations of the Branchformer.
        attention_type: of the encoder, `"regularMHA"`, `"RelPosMHAXL"`, `"RoPEMHA"` or `"hypermixing"`.
        max_length: takes no effect; there is no longest input.
        causal: no frame sees what comes after it. True if None.
        csgu_linear_units: see `BranchformerEncoder`, as are `gate_activation` and `use_linear_after_conv`.
        gate_activation: see `csgu_linear_units`.
        use_linear_after_conv: see `csgu_linear_units`.
        output_hidden_states: the encoder gives the results of all its layers, too.
        layerdrop_prob: share of the encoder's layers that are left out in training.
        ignore_padding: convolutions see nothing behind the end of an item, whose result in a batch is then that of
            the item alone. False as in SpeechBrain, where only attention heeds the lengths, and the last frames of
            an item see what it is padded with. A transformer has no convolutions: it never does.

    Raises:
        ChoiceError: an unknown encoder, attention or encoding of places.
        ArgumentError: a Conformer with `normalize_before=False`; see the encoders.

    >>> import torch
    >>> model = TransformerASR(
    ...     100, 40, d_model=16, nhead=4, num_encoder_layers=2, num_decoder_layers=1, d_ffn=32,
    ...     encoder_module="conformer", attention_type="RelPosMHAXL", normalize_before=True, causal=False,
    ... )
    >>> features, tokens = torch.zeros(2, 50, 40), torch.tensor([[1, 7, 9], [1, 8, 0]])
    >>> encoded, decoded = model(features, tokens, wav_len=torch.tensor([1.0, 0.8]))
    >>> encoded.shape, decoded.shape
    (torch.Size([2, 50, 16]), torch.Size([2, 3, 16]))
    """

    def __init__(
        self,
        tgt_vocab: int,
        input_size: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        d_ffn: int = 2048,
        dropout: float = 0.1,
        activation: Activation = nn.ReLU,
        positional_encoding: str | None = "fixed_abs_sine",
        normalize_before: bool = False,
        kernel_size: int = 31,
        bias: bool = True,
        encoder_module: str = "transformer",
        conformer_activation: Activation = Swish,
        branchformer_activation: Activation = nn.GELU,
        attention_type: str = "regularMHA",
        max_length: int = 2500,
        causal: bool | None = None,
        csgu_linear_units: int = 3072,
        gate_activation: Activation = nn.Identity,
        use_linear_after_conv: bool = False,
        output_hidden_states: bool = False,
        layerdrop_prob: float = 0.0,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__()
        check_choice("encoder_module", encoder_module, ["transformer", "conformer", "branchformer"])
        if positional_encoding is not None:
            check_choice("positional_encoding", positional_encoding, ["fixed_abs_sine"])
        if encoder_module == "conformer" and not normalize_before:
            raise ArgumentError("normalize_before must be True for a Conformer, got False", hint="set it")
        if num_encoder_layers < 1:
            raise ArgumentError(f"num_encoder_layers must be at least 1, got {num_encoder_layers}", hint="6 is usual")
        self.encoder_module = encoder_module
        self.attention_type = attention_type
        self.positional_encoding_type = positional_encoding
        self.causal = causal is None or causal
        self.output_hidden_states = output_hidden_states

        shared: dict[str, Any] = {
            "num_layers": num_encoder_layers,
            "d_model": d_model,
            "nhead": nhead,
            "dropout": dropout,
            "attention_type": attention_type,
            "output_hidden_states": output_hidden_states,
            "layerdrop_prob": layerdrop_prob,
        }
        self.encoder: TransformerEncoder | ConformerEncoder | BranchformerEncoder
        if encoder_module == "transformer":
            self.encoder = TransformerEncoder(
                **shared, d_ffn=d_ffn, activation=activation, normalize_before=normalize_before, causal=self.causal
            )
        elif encoder_module == "conformer":
            self.encoder = ConformerEncoder(
                **shared,
                d_ffn=d_ffn,
                kernel_size=kernel_size,
                activation=conformer_activation,
                bias=bias,
                causal=self.causal,
                ignore_padding=ignore_padding,
            )
        else:
            self.encoder = BranchformerEncoder(
                **shared,
                kernel_size=kernel_size,
                activation=branchformer_activation,
                csgu_linear_units=csgu_linear_units,
                gate_activation=gate_activation,
                use_linear_after_conv=use_linear_after_conv,
                ignore_padding=ignore_padding,
            )
        self.positional_encoding: PositionalEncoding | RelPosEncXL | None = None
        self.positional_encoding_decoder: PositionalEncoding | None = None
        if attention_type == "RelPosMHAXL":
            self.positional_encoding = RelPosEncXL(d_model)
        elif positional_encoding is not None:
            self.positional_encoding = PositionalEncoding(d_model, max_length)
        if attention_type in ("RelPosMHAXL", "RoPEMHA"):
            self.positional_encoding_decoder = PositionalEncoding(d_model, max_length)
        self.custom_src_module = ModuleList(Linear(d_model, input_size=input_size), nn.Dropout(dropout))
        self.custom_tgt_module: ModuleList | None = None
        self.decoder: TransformerDecoder | None = None
        if num_decoder_layers > 0:
            self.custom_tgt_module = ModuleList(NormalizedEmbedding(d_model, tgt_vocab))
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
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_normal_(parameter)

    def forward(self, src: Tensor, tgt: Tensor, wav_len: Tensor | None = None, pad_idx: int = 0) -> tuple[Any, ...]:
        """States of the frames and of the tokens; for training, with the tokens that are said.

        Args:
            src: features, `(batch, time, input_size)`, or `(batch, time, freq, channels)`, which are joined.
            tgt: tokens, `(batch, steps)`.
            wav_len: shares of the longest item, `(batch,)`; all frames count if None.
            pad_idx: the token that tokens are padded with, which no other sees.

        Returns:
            `(batch, time, d_model)` and `(batch, steps, d_model)`; with `output_hidden_states` the encoder's layers
            stand between them.

        Raises:
            ArgumentError: there is no decoder.
        """
        src = _joined(src)
        heard_padding, said_padding, src_mask, tgt_mask = self.make_masks(src, tgt, wav_len, pad_idx)
        encoded, hidden_states = self._encode(src, src_mask, heard_padding)
        decoded, _ = self._decode(tgt, encoded, tgt_mask, said_padding, heard_padding)
        return (encoded, hidden_states, decoded) if self.output_hidden_states else (encoded, decoded)

    def encode(
        self,
        src: Tensor,
        wav_len: Tensor | None = None,
        pad_idx: int = 0,
        dynchunktrain_config: DynChunkTrainConfig | None = None,
    ) -> Any:
        """States of the frames, `(batch, time, d_model)`; with `output_hidden_states` also those of all layers.

        Args:
            src: see `forward`, as is `wav_len`.
            wav_len: see `src`.
            pad_idx: takes no effect.
            dynchunktrain_config: hear the signal as if it came in these chunks.

        Raises:
            ArgumentError: chunks for another encoder than a Conformer, or for a causal one.
        """
        src = _joined(src)
        padding, _, mask, _ = self.make_masks(src, None, wav_len, pad_idx, dynchunktrain_config)
        encoded, hidden_states = self._encode(src, mask, padding, dynchunktrain_config)
        return (encoded, hidden_states) if self.output_hidden_states else encoded

    def decode(self, tgt: Tensor, encoder_out: Tensor, enc_len: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """States of tokens, and where the last layer listened, for a search.

        Args:
            tgt: tokens so far, `(batch, steps)`.
            encoder_out: of `encode`, `(batch, time, d_model)`.
            enc_len: counts of frames, `(batch,)`; all count if None.

        Returns:
            `(batch, steps, d_model)` and the weights of the frames, `(batch, steps, time)`.

        Raises:
            ArgumentError: there is no decoder.
        """
        padding = None
        if enc_len is not None:
            padding = ~length_to_mask(enc_len.to(encoder_out.device), encoder_out.shape[1]).bool()
        decoded, weights = self._decode(
            tgt, encoder_out, get_lookahead_mask(tgt), None, padding, return_attn_weights=True
        )
        return decoded, weights[-1]

    def make_masks(
        self,
        src: Tensor,
        tgt: Tensor | None = None,
        wav_len: Tensor | None = None,
        pad_idx: int = 0,
        dynchunktrain_config: DynChunkTrainConfig | None = None,
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        """What attention may not see, True where hidden; None for nothing.

        Args:
            src: features, `(batch, time, ...)`.
            tgt: see `forward`, as are `wav_len` and `pad_idx`.
            wav_len: see `tgt`.
            pad_idx: see `tgt`.
            dynchunktrain_config: see `encode`.

        Returns:
            Padding of the frames `(batch, time)` and of the tokens `(batch, steps)`, frames hidden to frames
            `(time, time)`, tokens hidden to tokens `(steps, steps)`.
        """
        time = src.shape[1]
        heard_padding = None if wav_len is None else get_length_mask(wav_len.to(src.device), time)
        src_mask = None
        if dynchunktrain_config is not None:
            self._chunked_encoder()
            src_mask = get_chunk_mask(time, dynchunktrain_config, src.device)
        elif self.causal:
            src_mask = get_lookahead_mask(src)
        if tgt is None:
            return heard_padding, None, src_mask, None
        return heard_padding, get_key_padding_mask(tgt, pad_idx), src_mask, get_lookahead_mask(tgt)

    def encode_streaming(self, src: Tensor, context: TransformerASRStreamingContext) -> Any:
        """What `encode` with these chunks gives for the next chunk of a signal; `context` remembers it.

        Args:
            src: the chunk, `(batch, chunk_size, input_size)`; the last may be shorter.
            context: of `make_streaming_context`.
        """
        encoder = self._chunked_encoder()
        x = self.custom_src_module(_joined(src))
        x, distances = self._placed(x, context.frames, context.encoder_context.left_frames)
        context.frames += x.shape[1]
        encoded, hidden_states = encoder.forward_streaming(x, context.encoder_context, distances)
        return (encoded, hidden_states) if self.output_hidden_states else encoded

    def make_streaming_context(
        self, dynchunktrain_config: DynChunkTrainConfig, encoder_kwargs: Mapping[str, Any] | None = None
    ) -> TransformerASRStreamingContext:
        """A context before the first chunk of a signal; `encoder_kwargs` go to that of the encoder.

        Raises:
            ArgumentError: another encoder than a Conformer, a causal one, or hypermixing.
        """
        remembered = self._chunked_encoder().make_streaming_context(dynchunktrain_config, **(encoder_kwargs or {}))
        return TransformerASRStreamingContext(dynchunktrain_config, remembered)

    def _encode(
        self,
        src: Tensor,
        mask: Tensor | None,
        padding: Tensor | None,
        chunks: DynChunkTrainConfig | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        x, distances = self._placed(self.custom_src_module(src))
        if chunks is not None:
            return self._chunked_encoder()(x, mask, padding, distances, chunks)
        return self.encoder(x, mask, padding, distances)

    def _placed(self, x: Tensor, first: int = 0, before: int = 0) -> tuple[Tensor, Tensor | None]:
        """`x` with sines of its places from `first` on, or itself and its distances to so many frames `before` it."""
        encoding = self.positional_encoding
        if isinstance(encoding, RelPosEncXL):
            return x, encoding(x, before)
        if encoding is not None and self.attention_type == "regularMHA":
            x = x + encoding(x, first)
        return x, None

    def _decode(
        self,
        tgt: Tensor,
        encoded: Tensor,
        mask: Tensor | None,
        padding: Tensor | None,
        heard_padding: Tensor | None,
        *,
        return_attn_weights: bool = False,
    ) -> tuple[Tensor, list[Tensor]]:
        if self.decoder is None or self.custom_tgt_module is None:
            raise ArgumentError("there is no decoder", hint="build with num_decoder_layers of at least 1, or encode")
        x = self.custom_tgt_module(tgt)
        places = self.positional_encoding_decoder or self.positional_encoding
        if places is not None:
            x = x + places(x)
        return self.decoder(x, encoded, mask, None, padding, heard_padding, return_attn_weights)

    def _chunked_encoder(self) -> ConformerEncoder:
        if not isinstance(self.encoder, ConformerEncoder) or self.causal:
            raise ArgumentError(
                f"chunks need a Conformer that is not causal, got encoder_module={self.encoder_module!r}, "
                f"causal={self.causal}",
                hint="build with encoder_module='conformer', causal=False",
            )
        return self.encoder


def _joined(src: Tensor) -> Tensor:
    """Features of an image `(batch, time, freq, channels)` as one."""
    return src.flatten(2) if src.dim() == 4 else src
