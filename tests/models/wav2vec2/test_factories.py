import inspect

import pytest
import torch

from sonovox.models.wav2vec2 import factories
from sonovox.models.wav2vec2.factories import (
    wav2vec2_base,
    wav2vec2_large,
    wav2vec2_large_lv60k,
    wav2vec2_model,
    wav2vec2_xlsr_1b,
    wav2vec2_xlsr_2b,
    wav2vec2_xlsr_300m,
)

# Numbers of weights in millions as their papers round them: Baevski 2020, table 1; Babu 2021, table 2.
MILLIONS = {
    wav2vec2_base: 94.4,
    wav2vec2_large: 315.4,
    wav2vec2_large_lv60k: 315.4,
    wav2vec2_xlsr_300m: 315.4,
    wav2vec2_xlsr_1b: 962.5,
    wav2vec2_xlsr_2b: 2159.0,
}


@pytest.mark.parametrize("factory", MILLIONS, ids=lambda factory: factory.__name__)
def test_published_sizes_have_their_number_of_weights(factory):
    with torch.device("meta"):
        model = factory()
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(MILLIONS[factory], rel=0.002)


def test_dropouts_and_heads_are_arguments():
    with torch.device("meta"):
        model = wav2vec2_base(encoder_layer_drop=0.3, encoder_dropout=0.2, aux_num_out=32)
    assert model.encoder.transformer.layer_drop == 0.3
    assert model.encoder.transformer.dropout.p == 0.2
    assert model.aux.out_features == 32


def test_arguments_are_in_torchaudio_order():
    assert list(inspect.signature(wav2vec2_model).parameters)[:3] == [
        "extractor_mode", "extractor_conv_layer_config", "extractor_conv_bias",
    ]  # fmt: skip
    names = {name for name in factories.__all__ if name != "wav2vec2_model"}
    assert {tuple(inspect.signature(getattr(factories, name)).parameters) for name in names} == {
        (
            "encoder_projection_dropout", "encoder_attention_dropout", "encoder_ff_interm_dropout",
            "encoder_dropout", "encoder_layer_drop", "aux_num_out",
        )
    }  # fmt: skip
