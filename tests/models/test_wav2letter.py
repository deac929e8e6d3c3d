import json
import math

import numpy as np
import pytest
import torch

from models.model_properties import check_compiles, check_exports
from sonovox._internal.errors import ChoiceError
from sonovox.models import Wav2Letter

pytestmark = pytest.mark.slow  # 23 to 28 million weights each


def weights_by_formula(model: torch.nn.Module, described: list[dict]) -> None:
    """What the reference used instead of storing its weights; `sum` and `abs_sum` tell whether it was understood."""
    for i, (entry, (name, tensor)) in enumerate(zip(described, model.state_dict().items(), strict=True)):
        assert (entry["name"], entry["shape"]) == (name, list(tensor.shape))
        q = np.arange(tensor.numel(), dtype=np.uint64) + np.uint64(1000003 * (i + 1))
        for _ in range(2):
            q = ((q ^ (q >> np.uint64(16))) * np.uint64(0x45D9F3B)) & np.uint64(0xFFFFFFFF)
        q ^= q >> np.uint64(16)
        scale = 0.05 if name.endswith("bias") else math.sqrt(6 / math.prod(tensor.shape[1:]))
        values = torch.from_numpy((q.astype(np.float64) / 2**31 - 1) * scale)
        assert values.float().double().abs().sum().item() == pytest.approx(entry["abs_sum"], rel=1e-6)
        tensor.copy_(values.reshape(tensor.shape))


@pytest.mark.parametrize("kind", ["waveform", "power_spectrum"])
@torch.no_grad()
def test_scores_are_those_of_torchaudio(torchaudio_reference, kind):
    folder = torchaudio_reference / "models" / f"wav2letter_{kind}"
    case = json.loads((folder / "config.json").read_text())
    model = Wav2Letter(**case["args"]).eval()
    weights_by_formula(model, case["state_dict"])
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        x, expected = torch.from_numpy(inputs["x"]), torch.from_numpy(outputs["out64"])
    # Sums over 8000 terms in float32.
    torch.testing.assert_close(model(x).double(), expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def test_both_kinds_of_features_are_one_model_and_others_are_refused():
    kinds = ("mfcc", "power_spectrum")
    mfcc, power = ([weight.shape for weight in Wav2Letter(5, kind, 3).parameters()] for kind in kinds)
    assert mfcc == power
    with pytest.raises(ChoiceError, match="did you mean waveform"):
        Wav2Letter(input_type="wavform")


@torch.no_grad()
def test_batch_compile_and_export():
    model = Wav2Letter(5).eval()
    x = torch.randn(2, 1, 4000)
    torch.testing.assert_close(model(x)[1:], model(x[1:]))
    check_compiles(model, x)
    check_exports(model, x, torch.randn(2, 1, 5000), axis=2)
