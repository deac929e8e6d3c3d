import pytest
import torch

from sonovox.models.wavlm import wavlm_base, wavlm_large, wavlm_model

# Chen et al., 2021, table II: 94.70M and 316.62M.
MILLIONS = {wavlm_base: 94.70, wavlm_large: 316.62}


@pytest.mark.parametrize("factory", MILLIONS, ids=lambda factory: factory.__name__)
def test_published_sizes_have_their_number_of_weights(factory):
    with torch.device("meta"):
        model = factory()
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(MILLIONS[factory], rel=0.005)


def test_buckets_come_from_the_arguments():
    model = wavlm_model(
        "group_norm", [(4, 10, 5)], False, 8, 0.0, 4, 2, 2, 2, 16, 40, 0.0, 8, 0.0, 0.0, False, 0.0, None
    )  # fmt: skip
    first, second = (layer.attention for layer in model.encoder.transformer.layers)
    assert first.rel_attn_embed.weight.shape == (16, 2)
    assert second.rel_attn_embed is None
    assert first.max_distance == 40
