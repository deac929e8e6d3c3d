import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError
from sonovox.inference import SepformerSeparation, SpectralMaskEnhancement
from sonovox.inference.load_enhancer import clean_parts, load_enhancer


@pytest.mark.parametrize(
    ("folder", "kind", "rate"),
    [("enhance-metricgan", SpectralMaskEnhancement, 16000), ("sepformer", SepformerSeparation, 8000)],
)
def test_a_folder_tells_its_kind_and_parts_are_as_long_as_the_recording(
    speechbrain_reference, tmp_path, folder, kind, rate
):
    model = load_enhancer(speechbrain_reference / folder / "model", device="cpu")
    assert type(model) is kind
    noise = 0.1 * torch.randn(1, 32000, generator=torch.Generator().manual_seed(0))
    sonovox.save(tmp_path / "a.wav", noise, 16000)
    found = torch.cat(list(clean_parts(model, tmp_path / "a.wav")), dim=1)
    assert found.shape == (1, 2 * rate)
    assert found.any()


def test_a_model_for_something_else_is_told(speechbrain_reference):
    with pytest.raises(ArgumentError, match="takes noise away: it has the modules compute_features, mean_var_norm"):
        load_enhancer(speechbrain_reference / "spkrec-ecapa" / "model", device="cpu")
