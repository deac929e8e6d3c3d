"""Models of torchaudio with their weights, and what they made of some input."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sonovox.hub import load_weights


@dataclass(frozen=True)
class Case:
    model: nn.Module
    inputs: dict[str, dict[str, Tensor]]  # by call and name
    float32: dict[str, dict[str, Tensor]]
    float64: dict[str, dict[str, Tensor]]


def read_case(folder: Path, build: Callable[..., nn.Module]) -> Case:
    """A case, its weights under torchaudio's names loaded strictly into what `build` makes of its arguments."""
    model = build(**json.loads((folder / "config.json").read_text())["args"]).eval()
    model.load_state_dict(load_weights(folder / "weights.safetensors"))
    outputs = _arrays(folder / "outputs.npz")
    return Case(
        model, _by_call(_arrays(folder / "inputs.npz"), ""), _by_call(outputs, "out32."), _by_call(outputs, "out64.")
    )


def _arrays(path: Path) -> dict[str, Tensor]:
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def _by_call(arrays: dict[str, Tensor], kind: str) -> dict[str, Any]:
    calls: dict[str, Any] = {}
    for name, array in arrays.items():
        call, _, rest = name.partition(".")
        if rest.startswith(kind):
            calls.setdefault(call, {})[rest.removeprefix(kind)] = array
    return calls


def check_case(case: Case, names: list[str]) -> None:
    """Every call of a case gives what torchaudio gave, in float32 against its float64."""
    for call, inputs in case.inputs.items():
        with torch.no_grad():
            results = case.model(**inputs)
        check_results(results if isinstance(results, tuple) else (results,), case.float64[call], names)


def check_results(results: tuple[Tensor, ...], expected: dict[str, Tensor], names: list[str]) -> None:
    for name, result in zip(names, results, strict=True):
        # Sums of float32 in another order: twice what torchaudio's own float32 is from its float64.
        tolerance = 2e-6 * expected[name].abs().max().item()
        torch.testing.assert_close(result.double(), expected[name].double(), rtol=0, atol=tolerance)
