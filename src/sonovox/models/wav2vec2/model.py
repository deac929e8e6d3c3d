"""wav2vec 2.0: convolutions over samples and a transformer over their frames; HuBERT and WavLM are built alike.

Baevski et al., "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech
Representations", 2020; Hsu et al., "HuBERT: Self-Supervised Speech Representation
Learning by Masked Prediction of Hidden Units", 2021. Modules and weights have
torchaudio's names, so that its checkpoints load as they are; `convert.py` knows
those of Hugging Face and fairseq.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.models.wav2vec2.adapters import OutputAdapter
from sonovox.models.wav2vec2.config import Wav2Vec2Config
from sonovox.models.wav2vec2.encoder import Encoder, FeatureProjection, Transformer
from sonovox.models.wav2vec2.feature_extractor import FeatureExtractor
from sonovox.models.wav2vec2.masking import SpanMasking

__all__ = ["Wav2Vec2Model", "build_wav2vec2"]


class Wav2Vec2Model(nn.Module):
    """Feature extractor, encoder and, where there is one, a linear layer on top.

    Args:
        feature_extractor: from samples to frames.
        encoder: over the frames.
        aux: on top of the last hidden state, such as a CTC head.
        masking: SpecAugment between the two, in training.
        aux_dropout: before `aux`, in training.
        adapter: between the encoder and `aux`.

    >>> import torch
    >>> small = dict(encoder_embed_dim=32, encoder_num_layers=2, encoder_num_heads=4, encoder_ff_interm_features=64)
    >>> model = build_wav2vec2(Wav2Vec2Config(**small, encoder_pos_conv_groups=4)).eval()
    >>> out, frames = model(torch.zeros(2, 16000), torch.tensor([16000, 8000]))
    >>> out.shape, frames
    (torch.Size([2, 49, 32]), tensor([49, 24]))
    """

    def __init__(
        self,
        feature_extractor: FeatureExtractor,
        encoder: Encoder,
        aux: nn.Module | None = None,
        *,
        masking: SpanMasking | None = None,
        aux_dropout: float = 0.0,
        adapter: OutputAdapter | None = None,
    ) -> None:
        super().__init__()
        self.feature_extractor = feature_extractor
        self.encoder = encoder
        self.adapter = adapter
        self.aux = aux
        self.masking = masking
        self.aux_dropout = aux_dropout

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The last hidden state, or what `aux` makes of it, and frames of each item if `lengths` are given.

        Args:
            waveforms: `[batch, samples]`, at 16 kHz for the published models, floating point.
            lengths: `[batch]`, samples of each item, the others being padding.

        Returns:
            `[batch, frames, width]` and `[batch]` or None.

        Raises:
            ArgumentError: another shape, or too few samples for one frame.
        """
        x, counts = self.encode(waveforms, lengths)
        return self.label(x), counts

    def encode(self, waveforms: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The last hidden state, whether there is `aux` or not; the rest as of `forward`."""
        x, counts = self._frames(waveforms, lengths)
        x = self.encoder.transformer(x, counts)
        if self.adapter is None:
            return x, counts
        return self.adapter(x, counts, ignore_padding=self.encoder.transformer.skip_padding)

    def label(self, x: Tensor) -> Tensor:
        """What `aux`, if there is one, makes of the last hidden state `x` `[batch, frames, width]`."""
        return x if self.aux is None else self.aux(F.dropout(x, self.aux_dropout, self.training))

    def ignore_padding(self, ignore: bool = True) -> None:
        """Whether an item in a batch gets the numbers that it has alone, in group norms too, and padding costs nothing.

        Models start without it, as transformers and torchaudio have it.
        """
        self.feature_extractor.norm_over_padding = not ignore
        self.encoder.transformer.skip_padding = ignore

    def extract_features(
        self, waveforms: Tensor, lengths: Tensor | None = None, num_layers: int | None = None
    ) -> tuple[list[Tensor], Tensor | None]:
        """The output of each layer as it comes, without `aux` and without the last norm of large models.

        Args:
            waveforms: as for `forward`.
            lengths: as for `forward`.
            num_layers: only the first of them.

        Raises:
            ArgumentError: `num_layers` beyond the model's, or what `forward` refuses.
        """
        layers = len(self.encoder.transformer.layers)
        if num_layers is not None and not 1 <= num_layers <= layers:
            raise ArgumentError(f"num_layers must be from 1 to {layers}, got {num_layers}")
        x, counts = self._frames(waveforms, lengths)
        return self.encoder.transformer.hidden_states(x, counts, num_layers)[1:], counts

    def hidden_states(self, waveforms: Tensor, lengths: Tensor | None = None) -> tuple[list[Tensor], Tensor | None]:
        """The input of the first layer, and then what `extract_features` gives, as transformers 5 does.

        Args:
            waveforms: as for `forward`.
            lengths: as for `forward`.
        """
        x, counts = self._frames(waveforms, lengths)
        return self.encoder.transformer.hidden_states(x, counts), counts

    def _frames(self, waveforms: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        features, counts = self.feature_extractor(waveforms, lengths)
        x = self.encoder.feature_projection(features)
        return (x if self.masking is None else self.masking(x, counts)), counts


def build_wav2vec2(config: Wav2Vec2Config) -> Wav2Vec2Model:
    """A model of these sizes with random weights."""
    extractor = FeatureExtractor.build(
        config.extractor_mode,
        config.extractor_conv_layer_config,
        config.extractor_conv_bias,
        config.extractor_activation,
    )
    aux: nn.Module | None = None
    if config.aux_num_out is not None:
        aux = nn.Linear(config.output_width, config.aux_num_out)
    adapter = None
    if config.add_adapter:
        adapter = OutputAdapter(
            config.encoder_embed_dim,
            config.output_width,
            config.adapter_num_layers,
            config.adapter_kernel,
            config.adapter_stride,
            config.encoder_layer_drop,
        )
    masking = None
    if config.mask_time_prob > 0 or config.mask_feature_prob > 0:
        masking = SpanMasking(
            config.encoder_embed_dim,
            config.mask_time_prob,
            config.mask_time_length,
            config.mask_time_min_masks,
            config.mask_feature_prob,
            config.mask_feature_length,
            config.mask_feature_min_masks,
        )
        masking.enabled = config.apply_spec_augment
    encoder = Encoder(FeatureProjection(config), Transformer(config))
    model = Wav2Vec2Model(extractor, encoder, aux, masking=masking, aux_dropout=config.aux_dropout, adapter=adapter)
    model.apply(_initialise)
    return model


def _initialise(module: nn.Module) -> None:
    """As fairseq does it: small normal weights in the transformer, He's for the convolutions."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif type(module) is nn.Conv1d:
        nn.init.kaiming_normal_(module.weight)
