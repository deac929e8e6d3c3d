"""What torchaudio computed, call by call, and one thread for all."""

import json

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def torchaudio_calls(torchaudio_reference):
    """`torchaudio_calls("functional", "resample")`: (call, inputs in float64, output in float64, in float32)."""

    def read(kind, name):
        calls = json.loads((torchaudio_reference / kind / f"{name}.json").read_text())["calls"]
        path = torchaudio_reference / kind / f"{name}.npz"
        arrays = np.load(path) if path.is_file() else {}
        for call in calls:
            if "raises" in call:
                continue
            prefix = call["id"]
            inputs = {key: torch.from_numpy(arrays[f"{prefix}.in.{key}"]) for key in call["tensors"]}
            inputs = {key: x.to(torch.complex128 if x.is_complex() else torch.float64) for key, x in inputs.items()}
            yield (
                call,
                inputs,
                torch.from_numpy(arrays[f"{prefix}.out64.0"]),
                torch.from_numpy(arrays[f"{prefix}.out32.0"]),
            )

    return read


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small tensors gain nothing from more, and waiting for each other they lose much on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def float64_default():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def constructor_arguments():
    """Turn `{"$fn": "torch.hann_window"}` of the reference into the function."""

    def resolve(arguments):
        return {
            key: getattr(torch, value["$fn"].removeprefix("torch."))
            if isinstance(value, dict) and "$fn" in value
            else value
            for key, value in arguments.items()
        }

    return resolve
