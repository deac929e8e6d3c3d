"""Sizes of a Whisper model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sonovox._internal.errors import WeightsError

__all__ = ["WhisperConfig"]


@dataclass(frozen=True)
class WhisperConfig:
    """Everything that decides the shapes of a `Whisper`; the defaults are those of `tiny`.

    Args:
        n_mels: mel bands of the input, 80 (128 from large-v3 on).
        vocab_size: tokens, special ones and timestamps included.
        d_model: width of the encoder and of the decoder.
        n_heads: attention heads of both.
        n_encoder_layers: transformer layers over the audio.
        n_decoder_layers: transformer layers over the text.
        n_audio_positions: encoder positions, two mel frames each: 1500 for 30 s.
        n_text_positions: the longest text in tokens, prompt included.
        encoder_ff_width: inside of the encoder's feed-forward nets; `4 * d_model`, as published, if None.
        decoder_ff_width: the same of the decoder.

    >>> WhisperConfig().head_dim, WhisperConfig().n_frames
    (64, 3000)
    """

    n_mels: int = 80
    vocab_size: int = 51865
    d_model: int = 384
    n_heads: int = 6
    n_encoder_layers: int = 4
    n_decoder_layers: int = 4
    n_audio_positions: int = 1500
    n_text_positions: int = 448
    encoder_ff_width: int | None = None
    decoder_ff_width: int | None = None

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.d_model // self.n_heads

    @property
    def n_frames(self) -> int:
        """Mel frames that the encoder takes: 3000, 10 ms each."""
        return 2 * self.n_audio_positions

    @classmethod
    def from_openai(cls, dims: Mapping[str, int]) -> "WhisperConfig":
        """From the `dims` of an OpenAI checkpoint.

        Raises:
            WeightsError: a size is missing.
        """
        return cls._from(
            dims,
            "dims",
            n_mels="n_mels",
            vocab_size="n_vocab",
            d_model="n_audio_state",
            n_heads="n_audio_head",
            n_encoder_layers="n_audio_layer",
            n_decoder_layers="n_text_layer",
            n_audio_positions="n_audio_ctx",
            n_text_positions="n_text_ctx",
        )

    @classmethod
    def from_huggingface(cls, config: Mapping[str, int]) -> "WhisperConfig":
        """From the `config.json` of a Hugging Face folder.

        Raises:
            WeightsError: a size is missing.
        """
        known = cls._from(
            config,
            "config.json",
            n_mels="num_mel_bins",
            vocab_size="vocab_size",
            d_model="d_model",
            n_heads="encoder_attention_heads",
            n_encoder_layers="encoder_layers",
            n_decoder_layers="decoder_layers",
            n_audio_positions="max_source_positions",
            n_text_positions="max_target_positions",
        )
        published = 4 * known.d_model
        widths = (config.get(f"{part}_ffn_dim", published) for part in ("encoder", "decoder"))
        encoder, decoder = (None if width == published else int(width) for width in widths)
        return replace(known, encoder_ff_width=encoder, decoder_ff_width=decoder)

    def to_huggingface(self) -> dict[str, object]:
        """The sizes by their names in the `config.json` of a Hugging Face folder."""
        return {
            "model_type": "whisper",
            "architectures": ["WhisperForConditionalGeneration"],
            "num_mel_bins": self.n_mels,
            "vocab_size": self.vocab_size,
            "d_model": self.d_model,
            "encoder_attention_heads": self.n_heads,
            "decoder_attention_heads": self.n_heads,
            "encoder_layers": self.n_encoder_layers,
            "decoder_layers": self.n_decoder_layers,
            "max_source_positions": self.n_audio_positions,
            "max_target_positions": self.n_text_positions,
            "encoder_ffn_dim": self.encoder_ff_width or 4 * self.d_model,
            "decoder_ffn_dim": self.decoder_ff_width or 4 * self.d_model,
        }

    @classmethod
    def _from(cls, values: Mapping[str, int], where: str, **names: str) -> "WhisperConfig":
        missing = [foreign for foreign in names.values() if foreign not in values]
        if missing:
            raise WeightsError(
                f"{where} does not describe a Whisper model: {', '.join(missing)} missing",
                hint="check that this is a Whisper checkpoint and that it is whole",
            )
        return cls(**{ours: int(values[foreign]) for ours, foreign in names.items()})
