import json

import numpy as np
import pytest
import torch

from sonovox.dsp.companding import MuLawDecoding, MuLawEncoding, mu_law_decoding, mu_law_encoding


@pytest.mark.parametrize("channels", [2, 64, 255, 256, 65536])
def test_codes_come_back(channels):
    codes = torch.arange(channels)
    torch.testing.assert_close(mu_law_encoding(mu_law_decoding(codes.double(), channels), channels), codes)


@pytest.mark.parametrize("kind", ["functional", "transforms"])
@pytest.mark.parametrize("way", ["encoding", "decoding"])
def test_equals_torchaudio(kind, way, torchaudio_reference):
    function = {"encoding": mu_law_encoding, "decoding": mu_law_decoding}[way]
    module = {"encoding": MuLawEncoding, "decoding": MuLawDecoding}[way]
    name = function.__name__ if kind == "functional" else module.__name__
    path = torchaudio_reference / kind / f"{name}.npz"
    arrays = np.load(path)
    for call in json.loads(path.with_suffix(".json").read_text())["calls"]:
        (given,) = (torch.from_numpy(arrays[f"{call['id']}.in.{key}"]) for key in call["tensors"])
        ours = function(given, **call["kwargs"]) if kind == "functional" else module(**call["constructor"])(given)
        (key,) = (key for key in arrays if key.startswith(f"{call['id']}.out32"))
        torch.testing.assert_close(ours, torch.from_numpy(arrays[key]), rtol=1e-6, atol=1e-7)


def test_louder_samples_have_the_last_codes():
    assert mu_law_encoding(torch.tensor([-3.0, 3.0]), 256).tolist() == [0, 255]


def test_what_cannot_be_encoded_is_refused():
    with pytest.raises(ValueError, match=r"x must be floating point, got int16; convert it, .*x.float\(\) / 32768"):
        mu_law_encoding(torch.zeros(3, dtype=torch.int16), 256)
    with pytest.raises(ValueError, match="quantization_channels must be at least 2, got 1; 256 makes a byte"):
        MuLawEncoding(1)
