"""What torchaudio's Kaldi features computed, call by call."""

import json

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def kaldi_arrays(torchaudio_reference):
    """The helpers' arguments, and every array by its name."""
    description = json.loads((torchaudio_reference / "kaldi" / "kaldi.json").read_text())
    arrays = np.load(torchaudio_reference / "kaldi" / "kaldi.npz")
    return description, {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="session")
def kaldi_calls(kaldi_arrays):
    """`kaldi_calls("fbank")`: (id, waveform, arguments, output in float32, or None where torchaudio raises)."""
    description, arrays = kaldi_arrays

    def read(name):
        for call in description["calls"]:
            if call["fn"] == name:
                waveform = arrays[f"{call['utt']}.waveform"] * call["input_scale"]
                yield call["id"], waveform, call["kwargs"], arrays.get(call["id"])

    return read
