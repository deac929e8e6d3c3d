import pytest
import torch

from sonovox.models.hubert import hubert_base, hubert_large, hubert_xlarge

# Hsu et al., 2021, table I: 95M, 317M, 964M.
MILLIONS = {hubert_base: 95, hubert_large: 317, hubert_xlarge: 964}


@pytest.mark.parametrize("factory", MILLIONS, ids=lambda factory: factory.__name__)
def test_published_sizes_have_their_number_of_weights(factory):
    with torch.device("meta"):
        model = factory(aux_num_out=7)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(MILLIONS[factory], rel=0.01)
    assert model.aux.out_features == 7
