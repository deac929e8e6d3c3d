"""Every layer and model with SpeechBrain's weights gives SpeechBrain's numbers."""

import json
from pathlib import Path

import pytest

from nn.reference_layers import CLASSES, NO_LAYERS, largest_differences, read_reference

LAYERS = Path(__file__).parents[3] / "shared" / "reference" / "speechbrain" / "layers"
CASES = sorted(path.name for path in LAYERS.iterdir()) if LAYERS.is_dir() else []


@pytest.mark.parametrize("name", [name for name in CASES if name not in NO_LAYERS])
def test_a_layer_with_the_weights_of_speechbrain_gives_its_numbers(name):
    reference = read_reference(LAYERS / name)
    worst = max(largest_differences(reference).values())
    assert worst <= reference.tolerance, f"{name}: {worst:.1e} of the largest value"


@pytest.mark.skipif(not CASES, reason="needs ../shared/reference/speechbrain/layers, which is absent")
def test_every_case_is_built():
    unknown = [
        name
        for name in CASES
        if name not in NO_LAYERS and json.loads((LAYERS / name / "case.json").read_text())["cls"] not in CLASSES
    ]
    assert unknown == []
    assert set(CASES) >= NO_LAYERS
